mod calls;
mod lineage;
mod properties;
