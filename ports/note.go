package ports

// Note is something about a source that its operator should know and that no
// answer to a person tells. It holds no value of a person.
type Note struct {
	// Text says what; it is the same for every source.
	Text string
	// Names are what it is about: columns, attributes, places in a file, or what
	// is wrong.
	Names []string
	// IsFault holds for what has to be mended before somebody can migrate.
	IsFault bool
}
