package ports

// Note tells the operator something about a source. It holds no user's data.
type Note struct {
	// Text is a constant text.
	Text string
	// Names are the columns, attributes or lines that the note is about.
	Names []string
	// IsFault is true if some users cannot migrate until it is corrected.
	IsFault bool
}
