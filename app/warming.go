//go:build !unwarmed

package app

// warming holds in every build but the benchmark's: see [warm].
const warming = true
