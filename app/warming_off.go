//go:build nowarm

package app

// warming is off: the benchmark measures what warming takes and gives.
const warming = false
