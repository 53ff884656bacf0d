//! Unifies third-party features across the workspace; it holds no code. See its manifest.
