package bench

// Load is how cost grows.
type Load struct{}
