package bench

import (
	"encoding/json"
	"io"
	"time"
)

// Report is what one run found, as it is kept in a file.
type Report struct {
	// Date is when it began; Version is the commit that was measured.
	Date    time.Time `json:"date"`
	Version string    `json:"version"`
	Machine Machine   `json:"machine"`
	// Rounds, Invocations and DelaysMS are those of [Options].
	Rounds      int       `json:"rounds"`
	Invocations int       `json:"invocations"`
	DelaysMS    []float64 `json:"delays_ms"`
	// Roots is how many certificates programs in Go loaded.
	Roots int `json:"roots"`
	// Quiet says whether the figures are worth keeping.
	Quiet Quiet `json:"quiet"`
	// Quota says under which the rounds ran whose figures begin with it.
	Quota Quota `json:"quota"`
	// ImageBytes is the size of the image, zero where none was given.
	ImageBytes int64     `json:"image_bytes,omitempty"`
	Programs   []Program `json:"programs"`
	Targets    []Target  `json:"targets"`
	Load       *Load     `json:"load,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Processor string `json:"processor,omitempty"`
	Cores     int    `json:"cores"`
	Go        string `json:"go"`
}

// Quiet says whether something else ran on the machine.
type Quiet struct {
	// AtStart holds where the machine did nothing else before the first round.
	AtStart bool `json:"at_start"`
	// ForeignShare is the share of all cores that other programs used during the rounds.
	// StolenShare is that of the hypervisor. They are negative where this machine cannot
	// tell.
	ForeignShare float64 `json:"foreign_share"`
	StolenShare  float64 `json:"stolen_share"`
	// Statement is the same in words.
	Statement string `json:"statement"`
}

// Quota is a share of one core.
type Quota struct {
	Percent float64 `json:"percent"`
	Rounds  int     `json:"rounds"`
	// Unavailable is why there were no such rounds.
	Unavailable string `json:"unavailable,omitempty"`
}

// Program is one that was measured.
type Program struct {
	Name string `json:"name"`
	// Title says what it is, Label the same in a few words.
	Title string `json:"title"`
	Label string `json:"label"`
	// Skipped is why it was not.
	Skipped string `json:"skipped,omitempty"`
	// Bytes is the size of its one file, where it has one.
	Bytes int64 `json:"bytes,omitempty"`
	// Figures are by metric; see the constants of this package.
	Figures map[string]Figure `json:"figures,omitempty"`
}

// Figure returns the figure of a program and a metric, if there is one.
func (r *Report) Figure(program, metric string) (Figure, bool) {
	for _, p := range r.Programs {
		if p.Name == program {
			figure, measured := p.Figures[metric]
			return figure, measured
		}
	}
	return Figure{}, false
}

// WriteJSON writes the report as it is kept.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
