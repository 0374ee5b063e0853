package ports

// Note is information for the operator about a source. It contains no user's
// data.
type Note struct {
	// Text is a constant text.
	Text string
	// Names are the columns, attributes or lines that the note describes.
	Names []string
	// IsFault is true if some users cannot migrate until it is corrected.
	IsFault bool
}
