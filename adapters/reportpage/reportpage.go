// Package reportpage writes the report of a migration as one self-contained HTML page.
// The page has no script and no external resource. Each plot has its data as a table.
// Only the operator's tool imports it.
package reportpage

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var source string

// Facts are what the page says beside the numbers.
type Facts struct {
	Destination, DestinationName string
	Sources                      []string
	// Lang is en or ja.
	Lang string
}

// Count is a number of users under a name.
type Count struct {
	Name  string
	Users int
}

// Report are the numbers of the page.
type Report struct {
	ScannedAt                                      string
	Users, Moved, CanSignIn, NeedsHelp             int
	Remaining, Conflicts, Newcomers, Destination   int
	WillMigrate, Importable, Last7Days, Last30Days int
	Sources, Projection, Rules                     [][2]string
	Causes, ConflictCauses, Days                   []Count
	// Groups and Estimates are shown where there are any.
	Groups    []Group
	Estimates []Estimate
}

// Group are the members of a group of a source.
type Group struct {
	Source, Name                                string
	Users, Moved, Remaining, Conflicts, Pending int
}

// Estimate is a user pool that estimates another number of users than were listed.
type Estimate struct {
	Pool              string
	Estimated, Listed int
}

// bar is one bar of a plot.
type bar struct {
	Count
	X, Y, Width, Height float64
	// Label shows the name below the bar; Last lets it end where the bar does.
	Label, Last bool
}

// TextX is where the label begins or, of the last bar, ends.
func (b bar) TextX() float64 {
	if b.Last {
		return b.X + b.Width
	}
	return b.X
}

// The size of the plots in their own units.
const (
	plotWidth  = 720
	plotHeight = 200
)

// Write writes the page.
func Write(to io.Writer, facts Facts, report Report) error {
	words := english()
	if facts.Lang == "ja" {
		words = japanese()
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"t":      func(key string) string { return words[key] },
		"action": func(reason string) string { return words["action "+reason] },
		"number": grouped,
		"share":  func(users int) string { return share(users, report.Users) },
		"main": func() string {
			return fmt.Sprintf(words["main"], share(report.CanSignIn, report.Users), grouped(report.Users), share(report.NeedsHelp+report.Conflicts, report.Users), share(report.Remaining, report.Users))
		},
		"days":   func() []bar { return days(report.Days) },
		"causes": func() []bar { return causes(report) },
	}).Parse(source)
	if err != nil {
		return err
	}
	return page.Execute(to, struct {
		Facts
		Report
	}{facts, report})
}

func share(users, of int) string {
	if of == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(users)/float64(of))
}

// grouped writes a number with commas between groups of three digits.
func grouped(number int) string {
	text := fmt.Sprint(number)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// mostDays is how many days the plot shows; the table below it has all of them.
const mostDays = 90

// days are the bars of the users who moved, by day.
func days(counts []Count) []bar {
	if len(counts) > mostDays {
		counts = counts[len(counts)-mostDays:]
	}
	most := 1
	for _, count := range counts {
		most = max(most, count.Users)
	}
	bars := make([]bar, len(counts))
	step := plotWidth / float64(max(len(counts), 10))
	for i, count := range counts {
		height := (plotHeight - 30) * float64(count.Users) / float64(most)
		bars[i] = bar{Count: count, X: step * float64(i), Y: plotHeight - 20 - height, Width: max(step-2, 1), Height: height,
			Label: i == 0 || i == len(counts)-1 && i > 8, Last: i == len(counts)-1 && i > 0}
	}
	return bars
}

// causes are the parts of the one bar of the remaining users.
func causes(report Report) []bar {
	counts := append([]Count{{"migrate", report.WillMigrate}}, report.Causes...)
	bars := make([]bar, 0, len(counts))
	x := 0.0
	for _, count := range counts {
		if count.Users == 0 || report.Remaining == 0 {
			continue
		}
		width := plotWidth * float64(count.Users) / float64(report.Remaining)
		bars = append(bars, bar{Count: count, X: x, Width: width, Label: width > 90})
		x += width
	}
	return bars
}
