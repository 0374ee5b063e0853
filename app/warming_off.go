//go:build unwarmed

package app

// warming is off: the benchmark measures what warming takes and gives. (The tag
// begins with no "no": it leaves no adapter out.)
const warming = false
