package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// isTerminal reports whether the output is a terminal.
func isTerminal(to io.Writer) bool {
	file, ok := to.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colours says whether to use them: only on a terminal, and not with NO_COLOR
// (no-color.org).
func colours(s streams) bool {
	return isTerminal(s.out) && valueOf(s.environ, "NO_COLOR") == "" && valueOf(s.environ, "TERM") != "dumb"
}

// animates says whether a line of standard error can be drawn again: only on a
// terminal that has escape sequences.
func animates(s streams) bool {
	return isTerminal(s.err) && valueOf(s.environ, "TERM") != "dumb"
}

// newBar draws a bar on such a terminal, and nothing elsewhere. A bar that cannot be
// drawn is not worth an error.
func newBar(s streams, description string, most int, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions(max(most, 1), append([]progressbar.Option{
		progressbar.OptionSetWriter(s.err), progressbar.OptionSetDescription(description), progressbar.OptionSetWidth(20), progressbar.OptionSetVisibility(animates(s)),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
	}, options...)...)
}
