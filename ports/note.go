package ports

// Note is something about a source that its operator should know and that no
// single attempt shows. It holds no value of a person.
type Note struct {
	// Text says what; it is the same for every source.
	Text string
	// Names are what it is about: columns, attributes or places in a file.
	Names []string
}

// Noter is what a [SourceDirectory] is that has something to say of itself.
type Noter interface {
	// Notes returns what is known by now: a file is read when it is opened, a
	// database is asked when it is first prepared.
	Notes() []Note
}
