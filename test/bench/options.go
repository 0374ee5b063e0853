package bench

import (
	"io"
	"time"
)

// Options say what is measured.
type Options struct {
	// Top is the top folder of the checkout.
	Top string
	// Programs are the names of those to run, in their order; empty for all.
	Programs []string
	// Compare names other builds of the function, separated by commas, to be
	// measured beside the others: what a change gives is seen within one run. Each
	// is a program with its file's name. Empty for none.
	Compare string
	// Rounds is how often each program is started and measured.
	Rounds int
	// Invocations is how many warm invocations of a round are measured for each
	// delay. A slow program gets fewer.
	Invocations int
	// Delays are the server's, one after the other. Starting and first
	// invocations are measured with the first of them.
	Delays []time.Duration
	// Quota is the share of one core, in percent, that a process gets in the
	// rounds under a quota; zero for no such rounds.
	Quota float64
	// QuotaRounds is how many of those there are.
	QuotaRounds int
	// LoadRounds is how often the growth of the cost is measured, with
	// LoadAttempts attempts of each process; zero for not at all.
	LoadRounds   int
	LoadAttempts int
	// LoadMost leaves out the points beyond that number; zero for none.
	LoadMost int
	// Wait is how long to wait for a quiet machine; zero not to look.
	Wait time.Duration
	// Roots is a file of certificates, in PEM, that programs in Go load beside
	// the stub's own; empty for none.
	Roots string
	// ImageBytes is the size of the image, if it was built, and ImageRootsBytes
	// that of the certificates in it.
	ImageBytes, ImageRootsBytes int64
	// Progress gets a line for each step.
	Progress io.Writer
}
