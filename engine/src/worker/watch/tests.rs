//! Watching, with a chain and an engine that do what the test says.

use super::*;
use crate::supervisor::{EngineError, RunReport};
use countersign_primitives::{
	demand::{DemandView, Piece, Showing},
	game::{GameCost, GameMessage, GameMove, GameRefusal, GameView, Opening, Phase},
	keys::InferencePair,
	model::{Artefact, PrecisionPolicy, ProgramRef, RunCost},
	request::TrapCode,
	tensor::{Dimension, Port, TensorType},
};
use countersign_programs::game::show_piece;
use parking_lot::Mutex;
use sp_core::Pair;

const COVER: u128 = 1_000;

fn port(name: &str) -> Port {
	Port {
		name: name.as_bytes().to_vec().try_into().expect("short"),
		ty: TensorType::F32,
		shape: vec![Dimension::Fixed(1)].try_into().expect("short"),
	}
}

fn tensor(value: f32) -> Tensor {
	Tensor { ty: TensorType::F32, shape: vec![1], data: value.to_le_bytes().to_vec() }
}

fn output(value: f32) -> Outcome {
	Outcome::Output(vec![tensor(value)].encode().try_into().expect("short"))
}

fn trap() -> Outcome {
	Outcome::Trap { code: TrapCode::Operator, operator: 3 }
}

fn model() -> ModelId {
	ModelId::repeat_byte(1)
}

fn request(number: u8) -> RequestId {
	RequestId::repeat_byte(number)
}

fn account(number: u8) -> AccountId {
	AccountId::from([number; 32])
}

fn us() -> InferencePair {
	InferencePair::from_seed(&[7; 32])
}

/// What the chain holds, and what was done to it.
struct State {
	manifest: Manifest,
	open: HashMap<RequestId, DisputableView>,
	answered: Vec<RequestId>,
	seats: Vec<Seat>,
	fits: bool,
	verdict: Result<Verdict, ReplayRefusal>,
	challenges: Vec<(ReplayChallenge, Witness, InferenceSignature)>,
	fails: bool,
	contradicted: Vec<RequestId>,
}

struct FakeCourt(Mutex<State>);

impl FakeCourt {
	fn cost(&self) -> ReplayCost {
		ReplayCost {
			effort: Effort { macs: 50, bytes: 60 },
			time: 1,
			memory: 1,
			fits: self.0.lock().fits,
			fits_inline: true,
			bond: 1,
			bond_for_validator: 1,
		}
	}
	fn guard(&self) -> Result<(), Failure> {
		match self.0.lock().fails {
			true => Err(Failure::new("the chain is away")),
			false => Ok(()),
		}
	}
}

#[async_trait]
impl Court for FakeCourt {
	fn genesis(&self) -> Hash {
		Hash::repeat_byte(0x47)
	}
	async fn seats(&self, _: Hash) -> Result<Vec<Seat>, Failure> {
		Ok(self.0.lock().seats.clone())
	}
	async fn answered(&self, _: Hash) -> Result<Vec<RequestId>, Failure> {
		Ok(std::mem::take(&mut self.0.lock().answered))
	}
	async fn open(
		&self,
		_: Hash,
		after: Option<RequestId>,
		limit: u32,
	) -> Result<Vec<DisputableView>, Failure> {
		let state = self.0.lock();
		let mut all: Vec<_> = state.open.values().cloned().collect();
		all.sort_by_key(|view| view.request);
		let page = all.into_iter().filter(|view| after.is_none_or(|after| view.request > after));
		Ok(page.take(limit as usize).collect())
	}
	async fn result(&self, _: Hash, request: RequestId) -> Result<Option<DisputableView>, Failure> {
		self.guard()?;
		Ok(self.0.lock().open.get(&request).cloned())
	}
	async fn manifest(&self, _: Hash, _: ModelId) -> Result<Option<Manifest>, Failure> {
		Ok(Some(self.0.lock().manifest.clone()))
	}
	async fn input(&self, _: Hash, _: RequestId) -> Result<Option<Vec<u8>>, Failure> {
		Ok(Some(vec![tensor(2.0)].encode()))
	}
	async fn cost_stored(
		&self,
		_: Hash,
		_: RequestId,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure> {
		Ok(Ok(self.cost()))
	}
	async fn cost(
		&self,
		_: Hash,
		package: Vec<u8>,
		_: u32,
	) -> Result<Result<ReplayCost, ReplayRefusal>, Failure> {
		assert_eq!(package, super::tests::package());
		Ok(Ok(self.cost()))
	}
	async fn judge(
		&self,
		_: Hash,
		_: RequestId,
		_: Witness,
	) -> Result<Result<Verdict, ReplayRefusal>, Failure> {
		Ok(self.0.lock().verdict)
	}
	async fn contradicted(&self, _: Hash, who: AccountId) -> Result<Vec<RequestId>, Failure> {
		assert_eq!(who, account(9));
		Ok(self.0.lock().contradicted.clone())
	}
	async fn challenge(
		&self,
		_: Hash,
		challenge: ReplayChallenge,
		witness: Witness,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		self.0.lock().challenges.push((challenge, witness, signature));
		Ok(())
	}
}

/// Games that the test says are on, and what was sent.
#[derive(Default)]
struct FakeGames {
	on: Mutex<Vec<GameView>>,
	roots: Mutex<Option<Vec<Hash>>>,
	opened: Mutex<Vec<(GameMessage, Option<Opening>, InferenceSignature)>>,
	played: Mutex<Vec<(GameMessage, GameMove, InferenceSignature)>>,
	refusal: Mutex<Option<GameRefusal>>,
	demanded: Mutex<Vec<DemandView>>,
	shown: Mutex<Vec<(GameMessage, Showing, InferenceSignature)>>,
	/// Whether games cannot be asked for.
	fails: Mutex<bool>,
	/// How often they were asked for.
	asked: Mutex<usize>,
}

#[async_trait]
impl Games for FakeGames {
	fn holds(&self, key: &InferenceId) -> bool {
		*key == us().public()
	}
	async fn games(
		&self,
		_: Hash,
		after: Option<(RequestId, u8)>,
		limit: u32,
	) -> Result<Vec<GameView>, Failure> {
		*self.asked.lock() += 1;
		if *self.fails.lock() {
			return Err(Failure::new("no games are shown"));
		}
		let on = self.on.lock();
		let from = after.map_or(0, |after| {
			on.iter().take_while(|view| (view.request, view.branch) <= after).count()
		});
		Ok(on.iter().skip(from).take(limit as usize).cloned().collect())
	}
	async fn roots(&self, _: Hash, _: RequestId) -> Result<Option<Vec<Hash>>, Failure> {
		Ok(self.roots.lock().clone())
	}
	async fn cost(
		&self,
		_: Hash,
		_: RequestId,
		_: Option<Opening>,
	) -> Result<Result<GameCost, GameRefusal>, Failure> {
		Ok(match *self.refusal.lock() {
			Some(refusal) => Err(refusal),
			None => Ok(GameCost { bond: 1, fee: 1, fee_by_key: 1 }),
		})
	}
	async fn open(
		&self,
		_: Hash,
		message: GameMessage,
		opening: Option<Opening>,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		self.opened.lock().push((message, opening, signature));
		Ok(())
	}
	async fn demands(
		&self,
		_: Hash,
		after: Option<(RequestId, DemandId)>,
		limit: u32,
	) -> Result<Vec<DemandView>, Failure> {
		let all = self.demanded.lock();
		let is_after = |view: &DemandView| Some((view.request, view.demand)) == after;
		let from = all.iter().position(is_after).map_or(0, |at| at + 1);
		Ok(all.iter().skip(from).take(limit as usize).cloned().collect())
	}
	async fn show(
		&self,
		_: Hash,
		message: GameMessage,
		showing: Showing,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		self.shown.lock().push((message, showing, signature));
		Ok(())
	}
	async fn play(
		&self,
		_: Hash,
		message: GameMessage,
		action: GameMove,
		signature: InferenceSignature,
	) -> Result<(), Failure> {
		self.played.lock().push((message, action, signature));
		Ok(())
	}
}

struct FakeSigner;

#[async_trait]
impl Signer for FakeSigner {
	async fn sign(&self, key: &InferenceId, payload: &[u8]) -> Result<InferenceSignature, Failure> {
		assert_eq!(*key, us().public());
		Ok(us().sign(payload))
	}
}

struct FakePackages;

#[async_trait]
impl Packages for FakePackages {
	async fn package(&self, _: Arc<Manifest>, _: PathBuf) -> Result<Vec<u8>, String> {
		Ok(package())
	}
}

/// A program that doubles and negates what it is given.
fn package() -> Vec<u8> {
	use countersign_canonical::{
		op::{Binary, Op, Unary},
		program::{Node, Package, Program},
		Meta, TensorType, VERSION,
	};
	let program = Program {
		version: VERSION,
		inputs: vec![Meta { ty: TensorType::F32, shape: vec![1] }],
		constants: vec![],
		nodes: vec![
			Node { op: Op::Binary(Binary::Add), operands: vec![0, 0] },
			Node { op: Op::Unary(Unary::Neg), operands: vec![1] },
			Node { op: Op::Unary(Unary::Abs), operands: vec![2] },
		],
		outputs: vec![3],
	};
	Package { program, constants: vec![] }.encode()
}

struct NoBlobs;

#[async_trait]
impl BlobSource for NoBlobs {
	async fn input(&self, _: Hash) -> Result<Option<Vec<u8>>, Failure> {
		Ok(None)
	}
	async fn artefact(&self, _: crate::exchange::Wanted) -> Result<(), Failure> {
		Err(Failure::new("nobody is there"))
	}
}

/// Says 4 to everything, and judges claims by that.
struct FakeEngine(Mutex<u32>);

#[async_trait]
impl Runner for FakeEngine {
	async fn run(&self, job: RunJob) -> Result<RunReport, EngineError> {
		*self.0.lock() += 1;
		assert_eq!(job.inputs[0].tensor, tensor(2.0));
		let claimed = job.program.and_then(|program| program.claimed);
		let verdict = claimed.map(|claimed| match claimed == vec![tensor(4.0)] {
			true => Band::Accepted,
			false => Band::Wrong,
		});
		let outcome = RunOutcome::Output(vec![tensor(4.0)]);
		Ok(RunReport { outcome, verdict, trace: None, time: Duration::ZERO })
	}
}

struct Scene {
	folder: tempfile::TempDir,
	court: Arc<FakeCourt>,
	engine: Arc<FakeEngine>,
	games: Arc<FakeGames>,
	parts: WatchParts,
}

fn scene() -> Scene {
	let folder = tempfile::tempdir().expect("a folder");
	let store = Arc::new(Store::open(folder.path().join("store"), 1 << 20).expect("it opens"));
	let file = folder.path().join("model.onnx");
	std::fs::write(&file, b"a model").expect("it is written");
	let sha256 = store.import_artefact(&file).expect("it is stored");
	let manifest = Manifest {
		name: Default::default(),
		licence: Default::default(),
		artefact: Artefact { sha256, length: 7 },
		program: Some(ProgramRef { root: Hash::zero(), canonical_version: 1 }),
		inputs: vec![port("x")].try_into().expect("one"),
		outputs: vec![port("y")].try_into().expect("one"),
		policies: vec![PrecisionPolicy::Exact].try_into().expect("one"),
		cost: RunCost { macs: 1, time_ms: 1, memory_mib: 1 },
		contributors: Default::default(),
		parents: Default::default(),
	};
	let court = Arc::new(FakeCourt(Mutex::new(State {
		manifest,
		open: HashMap::new(),
		answered: Vec::new(),
		seats: vec![Seat { account: account(9), session: 3, validator: 1, key: us().public() }],
		fits: true,
		verdict: Ok(Verdict::Wrong),
		challenges: Vec::new(),
		fails: false,
		contradicted: Vec::new(),
	})));
	let engine = Arc::new(FakeEngine(Mutex::new(0)));
	let games = Arc::new(FakeGames::default());
	let parts = WatchParts {
		court: court.clone(),
		games: games.clone(),
		signer: Arc::new(FakeSigner),
		engine: engine.clone(),
		packages: Arc::new(FakePackages),
		blobs: Arc::new(NoBlobs),
		store,
		metrics: Arc::default(),
		patience: Duration::from_secs(60),
	};
	Scene { folder, court, engine, games, parts }
}

impl Scene {
	fn put(&self, number: u8, executor: u8, outcome: Outcome, on_chain: bool) {
		let view = DisputableView {
			request: request(number),
			model: model(),
			executor: account(executor),
			input: tensors_commitment(&[tensor(2.0)]),
			input_on_chain: on_chain.then_some(10),
			outcome,
			cover: COVER,
			final_at: 60,
			clock: 1,
			stored: false,
		};
		self.court.0.lock().open.insert(request(number), view);
	}

	/// Shows blocks to a watcher that begins with what is on disk.
	async fn blocks(&self, numbers: std::ops::Range<u32>) {
		let blocks = numbers.map(|number| BestBlock { number, hash: Hash::zero() });
		// One after the other, as they come: `now_or_never` would skip all but the last.
		for block in blocks {
			let path = self.folder.path().join("watch");
			let stream = futures::stream::iter([block]);
			run(self.parts.clone(), path, stream).await.expect("the file is good");
		}
	}

	fn challenged(&self) -> Vec<RequestId> {
		let state = self.court.0.lock();
		state.challenges.iter().map(|(challenge, ..)| challenge.request).collect()
	}

	fn metric(&self, name: &str) -> u64 {
		let entries = self.parts.metrics.entries();
		entries.iter().find(|(found, _)| *found == name).expect("there is one").1
	}
}

#[tokio::test]
async fn a_wrong_result_is_challenged_and_a_right_one_is_not() {
	let scene = scene();
	scene.put(1, 5, output(4.0), true);
	scene.put(2, 5, output(5.0), true);
	scene.put(3, 5, trap(), true);
	scene.blocks(10..10 + SPREAD).await;
	let mut challenged = scene.challenged();
	challenged.sort();
	challenged.dedup();
	assert_eq!(challenged, vec![request(2), request(3)]);
	let state = scene.court.0.lock();
	let (challenge, witness, signature) = &state.challenges[0];
	assert!(challenge.verify(signature));
	assert_eq!((challenge.session, challenge.validator), (3, 1));
	assert_eq!(challenge.genesis, Hash::repeat_byte(0x47));
	assert_eq!(challenge.effort, Effort { macs: 50, bytes: 60 });
	let package = PackageSource::Inline(package().try_into().expect("short"));
	assert_eq!(*witness, Witness { package, input: None });
}

/// Also where the result holds, and where it is our own: without a bond there is nothing to lose.
#[tokio::test]
async fn a_contradiction_is_brought_before_the_chain_once() {
	for verdict in [Verdict::Accepted, Verdict::Corrected, Verdict::Wrong] {
		let scene = scene();
		scene.put(1, 9, output(4.0), true);
		scene.court.0.lock().contradicted = vec![request(1)];
		scene.court.0.lock().verdict = Ok(verdict);
		scene.blocks(20..20 + SPREAD).await;
		assert_eq!(scene.challenged(), vec![request(1)], "{verdict:?}");
	}
	let scene = scene();
	scene.put(1, 9, output(4.0), true);
	scene.court.0.lock().contradicted = vec![request(1)];
	scene.court.0.lock().verdict = Err(ReplayRefusal::TooHeavy);
	scene.blocks(20..20 + SPREAD).await;
	assert!(scene.challenged().is_empty(), "no replay can decide it");
}

#[tokio::test]
async fn an_input_that_is_not_on_chain_comes_along() {
	let scene = scene();
	scene.put(2, 5, output(5.0), false);
	scene.parts.store.put_tensors(&vec![tensor(2.0)].encode()).expect("it is stored");
	scene.blocks(10..10 + SPREAD).await;
	let state = scene.court.0.lock();
	let (challenge, witness, _) = state.challenges.first().expect("it is challenged");
	let input = vec![tensor(2.0)].encode();
	assert_eq!(challenge.effort.bytes, 60 + input.len() as u32);
	assert_eq!(witness.input.as_ref().map(|bytes| bytes.to_vec()), Some(input));
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
	let scene = scene();
	scene.put(2, 5, output(5.0), true);
	// The result is found wrong, and then the chain is away when it would be challenged.
	let turn = turn(&request(2), &account(9));
	let path = scene.folder.path().join("watch");
	let mut record = Record::open(path.clone(), Hash::repeat_byte(0x47)).expect("there is none");
	record.add(request(2), 10);
	record.write().expect("it is written");
	scene.court.0.lock().fails = true;
	scene.blocks(10 + turn..11 + turn).await;
	assert_eq!(scene.challenged(), vec![]);
	scene.court.0.lock().fails = false;
	scene.blocks(11 + turn..12 + turn).await;
	assert_eq!(scene.challenged(), vec![request(2)]);
	assert_eq!(*scene.engine.0.lock(), 0, "it is not recomputed");
	// Once the chain has decided, it is forgotten.
	scene.court.0.lock().open.clear();
	scene.blocks(20..21).await;
	let record = Record::open(path, Hash::repeat_byte(0x47)).expect("it is read");
	assert_eq!(record.pending(), vec![]);
}

#[tokio::test]
async fn the_chain_has_the_last_word_before_a_bond_is_at_stake() {
	let refusal = Err(ReplayRefusal::WrongPackage);
	for verdict in [Ok(Verdict::Accepted), Ok(Verdict::Corrected), refusal] {
		let scene = scene();
		scene.put(2, 5, output(5.0), true);
		scene.court.0.lock().verdict = verdict;
		scene.blocks(10..10 + 2 * SPREAD).await;
		assert_eq!(scene.challenged(), vec![]);
		let (disagreed, undecidable) =
			(scene.metric("watch_disagreements"), scene.metric("watch_undecidable"));
		assert_eq!(disagreed > 0, verdict.is_ok());
		assert_eq!(undecidable > 0, verdict.is_err());
	}
}

#[tokio::test]
async fn what_no_block_can_replay_is_played_about() {
	let scene = scene();
	scene.put(2, 5, output(5.0), true);
	scene.court.0.lock().fits = false;
	scene.blocks(10..10 + SPREAD).await;
	assert_eq!(scene.challenged(), vec![]);
	let opened = scene.games.opened.lock().clone();
	let (message, opening, signature) = opened.first().expect("a game is opened");
	assert!(message.verify(signature));
	assert_eq!((message.request, message.session, message.validator), (request(2), 3, 1));
	assert_eq!(message.content, GameMessage::content_of(opening));
	let opening = opening.as_ref().expect("it is the first");
	assert_eq!((opening.operators, opening.operands, opening.inputs.len()), (3, 4, 1));
	assert_eq!(opening.program[..], package()[..opening.program.len()]);
	// Where there cannot be one, that is said.
	let scene = self::scene();
	scene.put(2, 5, output(5.0), true);
	scene.court.0.lock().fits = false;
	*scene.games.refusal.lock() = Some(GameRefusal::NotProvable);
	scene.blocks(10..10 + SPREAD).await;
	assert!(scene.games.opened.lock().is_empty());
	assert!(scene.metric("watch_undecidable") > 0);
}

/// A game about request 2, in this phase.
fn game(executor: u8, challenger: u8, step: u8, phase: Phase, key: InferenceId) -> GameView {
	GameView {
		request: request(2),
		branch: 4,
		challenger: account(challenger),
		executor: account(executor),
		executor_seat: (2, 6, key),
		bond: 1,
		fee: 1,
		opened_at: 1,
		step,
		phase,
		deadline: 30,
		clock: 10,
		hashes: vec![],
	}
}

fn stranger() -> InferenceId {
	InferencePair::from_seed(&[8; 32]).public()
}

#[tokio::test]
async fn our_own_results_are_answered_for() {
	let scene = scene();
	scene.put(2, 9, output(4.0), true);
	// Also where we are not in the session any more.
	scene.court.0.lock().seats.clear();
	*scene.games.on.lock() = vec![game(9, 5, 0, Phase::Trace, us().public())];
	scene.blocks(10..11).await;
	let played = scene.games.played.lock().clone();
	let [(message, action, signature)] = &played[..] else { panic!("{played:?}") };
	assert!(message.verify(signature));
	assert_eq!((message.branch, message.step), (4, 0));
	assert_eq!((message.session, message.validator), (2, 6));
	assert_eq!(message.content, GameMessage::content_of(action));
	assert!(matches!(action, GameMove::Trace { roots, trap: None } if roots.len() == 3));
	// Not for others, and not where the other side is to move.
	let scene = self::scene();
	scene.put(2, 9, output(4.0), true);
	*scene.games.on.lock() = vec![
		game(9, 5, 0, Phase::Trace, stranger()),
		game(9, 5, 0, Phase::Operator, us().public()),
	];
	scene.blocks(10..11).await;
	assert!(scene.games.played.lock().is_empty());
}

#[tokio::test]
async fn the_game_with_the_nearest_deadline_is_played_first() {
	let scene = scene();
	scene.put(2, 9, output(4.0), true);
	let due = |branch, deadline| GameView {
		branch,
		deadline,
		..game(9, 5, 0, Phase::Trace, us().public())
	};
	*scene.games.on.lock() = vec![due(1, 50), due(2, 30), due(3, 40)];
	scene.blocks(10..11).await;
	let played: Vec<u8> =
		scene.games.played.lock().iter().map(|(message, ..)| message.branch).collect();
	assert_eq!(played, [2, 3, 1]);
}

#[tokio::test]
async fn what_one_block_is_not_enough_for_is_seen_in_the_next() {
	let scene = scene();
	scene.put(2, 9, output(4.0), true);
	let before = |number: u64| RequestId::from_low_u64_be(number);
	*scene.games.on.lock() = (0..16 * 64)
		.map(|number| GameView {
			request: before(number),
			..game(8, 5, 0, Phase::Trace, stranger())
		})
		.chain([game(9, 5, 0, Phase::Trace, us().public())])
		.collect();
	*scene.games.demanded.lock() = (0..64 * 64)
		.map(|number| DemandView { request: before(number), ..demand(stranger(), Piece::Program) })
		.chain([demand(us().public(), Piece::Program)])
		.collect();
	let (sender, receiver) = futures::channel::mpsc::unbounded();
	let watching =
		tokio::spawn(run(scene.parts.clone(), scene.folder.path().join("watch"), receiver));
	for (number, asked) in [(10, 64), (11, 65)] {
		sender
			.unbounded_send(BestBlock { number, hash: Hash::zero() })
			.expect("the watcher listens");
		while *scene.games.asked.lock() < asked {
			tokio::task::yield_now().await;
		}
	}
	drop(sender);
	watching.await.expect("it ends").expect("the file is good");
	assert_eq!(scene.games.played.lock().len(), 1);
	assert_eq!(scene.games.shown.lock().len(), 1);
}

/// A demand for this piece of what request 2 was made from.
fn demand(key: InferenceId, piece: Piece) -> DemandView {
	DemandView {
		request: request(2),
		demand: piece.id(),
		piece,
		executor: account(9),
		executor_seat: (2, 6, key),
		by: account(5),
		fee: 1,
		deadline: 30,
	}
}

#[tokio::test]
async fn what_is_demanded_is_shown_also_where_games_fail() {
	let scene = scene();
	scene.put(2, 9, output(4.0), true);
	*scene.games.demanded.lock() = vec![demand(us().public(), Piece::Program)];
	*scene.games.fails.lock() = true;
	scene.blocks(10..11).await;
	assert_eq!(scene.games.shown.lock().len(), 1);
	assert_eq!(scene.metric("watch_failures"), 1);
}

#[tokio::test]
async fn what_is_demanded_of_us_is_shown() {
	let scene = scene();
	scene.put(2, 9, output(4.0), false);
	let bytes = vec![tensor(2.0)].encode();
	scene.parts.store.put_tensors(&bytes).expect("it is stored");
	*scene.games.demanded.lock() = vec![demand(stranger(), Piece::Input)];
	scene.blocks(10..11).await;
	assert!(scene.games.shown.lock().is_empty());
	let pieces = [Piece::Input, Piece::Program];
	*scene.games.demanded.lock() =
		pieces.iter().map(|piece| demand(us().public(), piece.clone())).collect();
	scene.blocks(11..12).await;
	let shown = scene.games.shown.lock().clone();
	for (message, showing, signature) in &shown {
		assert!(message.verify(signature));
		assert_eq!((message.session, message.validator), (2, 6));
		assert_eq!(message.content, GameMessage::content_of(showing));
	}
	let model = countersign_canonical::Model::decode(&package()).expect("a package");
	let expected = [Showing::input(bytes), show_piece(&model, &Piece::Program)];
	let showings: Vec<_> = shown.into_iter().map(|(_, showing, _)| Some(showing)).collect();
	assert_eq!(showings, expected);
}

#[tokio::test]
async fn a_challenger_names_what_is_wrong_and_says_it_once_in_a_while() {
	let scene = scene();
	scene.put(2, 5, output(5.0), true);
	let encoded = package();
	let model = countersign_canonical::Model::decode(&encoded).expect("a package");
	let inputs = crate::convert::to_canonical(vec![tensor(2.0)]);
	let mut roots: Vec<Hash> = model.trace(&inputs).roots.into_iter().map(Hash::from).collect();
	roots[1] = Hash::zero();
	*scene.games.roots.lock() = Some(roots);
	*scene.games.on.lock() = vec![game(5, 9, 1, Phase::Operator, stranger())];
	let (sender, receiver) = futures::channel::mpsc::unbounded();
	let watching =
		tokio::spawn(run(scene.parts.clone(), scene.folder.path().join("watch"), receiver));
	for number in 10..10 + AGAIN_AFTER {
		let sent = scene.metric("watch_moves");
		sender
			.unbounded_send(BestBlock { number, hash: Hash::zero() })
			.expect("the watcher listens");
		while number == 10 && scene.metric("watch_moves") == sent {
			tokio::task::yield_now().await;
		}
	}
	drop(sender);
	watching.await.expect("it ends").expect("the file is good");
	let played = scene.games.played.lock().clone();
	let [(message, action, _)] = &played[..] else { panic!("{played:?}") };
	assert_eq!((message.session, message.validator, message.step), (3, 1, 1));
	let GameMove::Name { part, .. } = action else { panic!("{action:?}") };
	let part = countersign_canonical::part::Part::decode_checked(part).expect("a part");
	assert_eq!(part.node, 1);
}

#[tokio::test]
async fn a_game_that_decided_nothing_is_not_opened_again() {
	let scene = scene();
	scene.put(2, 5, output(5.0), true);
	scene.court.0.lock().fits = false;
	*scene.games.on.lock() = vec![game(5, 9, 1, Phase::Operator, stranger())];
	let (sender, receiver) = futures::channel::mpsc::unbounded();
	let watching =
		tokio::spawn(run(scene.parts.clone(), scene.folder.path().join("watch"), receiver));
	let send = |number| {
		sender
			.unbounded_send(BestBlock { number, hash: Hash::zero() })
			.expect("the watcher listens");
	};
	send(10);
	while scene.metric("watch_contradicted") == 0 {
		tokio::task::yield_now().await;
	}
	// The executor was excused: the game is over, and the result is open.
	scene.games.on.lock().clear();
	for number in 11..=10 + SPREAD {
		send(number);
		tokio::task::yield_now().await;
	}
	drop(sender);
	watching.await.expect("it ends").expect("the file is good");
	assert!(scene.games.opened.lock().is_empty());
	assert_eq!(scene.metric("watch_undecidable"), 1);
}

#[tokio::test]
async fn what_is_ours_or_unknown_is_left_alone() {
	let scene = scene();
	// Our own result, whatever it says.
	scene.put(1, 9, output(5.0), true);
	scene.blocks(10..15).await;
	assert_eq!(*scene.engine.0.lock(), 0);
	// A model without a program, and one whose artefact is not here.
	scene.put(2, 5, output(5.0), true);
	scene.court.0.lock().manifest.artefact.sha256 = [0; 32];
	scene.blocks(15..18).await;
	scene.court.0.lock().manifest.program = None;
	scene.blocks(18..20).await;
	// Nobody who is not in the session can challenge.
	let scene = self::scene();
	scene.put(2, 5, output(5.0), true);
	scene.court.0.lock().seats.clear();
	scene.blocks(20..22).await;
	assert_eq!(*scene.engine.0.lock(), 0);
	assert_eq!(scene.challenged(), vec![]);
}

#[tokio::test]
async fn what_others_settled_first_is_not_challenged() {
	let scene = scene();
	// A request for which it is not our turn at once.
	let number = (1..=255u8)
		.find(|number| turn(&request(*number), &account(9)) > 1)
		.expect("turns are spread");
	scene.put(number, 5, output(5.0), true);
	scene.blocks(10..11).await;
	assert_eq!(scene.metric("watch_contradicted"), 1);
	assert_eq!(scene.challenged(), vec![]);
	scene.court.0.lock().open.clear();
	scene.blocks(11..20).await;
	assert_eq!(scene.challenged(), vec![]);
}

#[tokio::test]
async fn results_of_the_block_come_before_the_pages() {
	let scene = scene();
	for number in 1..=100 {
		scene.put(number, 5, output(4.0), true);
	}
	scene.court.0.lock().answered = vec![request(100)];
	scene.blocks(10..11).await;
	// The block's own, and a page.
	assert_eq!(*scene.engine.0.lock(), PAGE + 1);
}

#[tokio::test]
async fn one_watcher_looks_at_a_result_once_and_sends_a_challenge_rarely() {
	let scene = scene();
	let number = (2..=255u8)
		.find(|number| turn(&request(*number), &account(9)) == 0)
		.expect("turns are spread");
	scene.put(1, 5, output(4.0), true);
	scene.put(number, 5, output(5.0), true);
	let (sender, receiver) = futures::channel::mpsc::unbounded();
	let parts = scene.parts.clone();
	let path = scene.folder.path().join("watch");
	let watching = tokio::spawn(run(parts, path, receiver));
	let last = 10 + SPREAD + AGAIN_AFTER;
	for number in 10..last {
		sender
			.unbounded_send(BestBlock { number, hash: Hash::zero() })
			.expect("the watcher listens");
		// Lets the watcher come to rest on this block, so that none is skipped.
		for _ in 0..2_000 {
			tokio::task::yield_now().await;
		}
	}
	drop(sender);
	watching.await.expect("it ends").expect("the file is good");
	assert_eq!(*scene.engine.0.lock(), 2);
	assert!((1..=2).contains(&scene.challenged().len()), "{:?}", scene.challenged());
}
