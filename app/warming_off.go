//go:build unwarmed

package app

// warming is off (build tag unwarmed, which is no adapter, so without a "no"): the benchmark measures what warming takes and gives.
const warming = false
