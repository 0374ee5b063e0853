package bench

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// column is one metric of a table.
type column struct {
	title  string
	metric string
	ratio  bool // to the floor is shown
}

// WriteTables writes the report for a terminal.
func (r *Report) WriteTables(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %d × %s, %s/%s; %d rounds\n", r.Version, r.Machine.Go, r.Machine.Cores, r.Machine.Processor, r.Machine.OS, r.Machine.Arch, r.Rounds)
	fmt.Fprintf(w, "%s.\n", strings.ToUpper(r.Quiet.Statement[:1])+r.Quiet.Statement[1:])
	fmt.Fprintf(w, "Medians of the rounds [least–most]; × is the ratio to the floor, the median of each round's.\n")

	if r.Rounds > 0 {
		r.writeProgramTables(w)
	}
	for _, p := range r.Programs {
		if p.Skipped != "" {
			fmt.Fprintf(w, "\nSkipped: %s (%s): %s.\n", p.Name, p.Title, p.Skipped)
		}
	}
	if r.Load != nil {
		r.Load.write(w)
	}
	if len(r.Targets) > 0 {
		r.writeTargets(w)
	}
}

func (r *Report) writeProgramTables(w io.Writer) {
	r.writeTable(w, "Cold, milliseconds", []column{
		{"start to first poll", Start, true}, {"its CPU", StartCPU, true}, {"first invocation", First, true}, {"after idle closing", AfterIdle, true},
	})
	for _, ms := range r.DelaysMS {
		suffix := delayOf(ms)
		r.writeTable(w, "Warm, server delay "+strconv.FormatFloat(ms, 'g', -1, 64)+" ms, milliseconds", []column{
			{"p50", WarmP50 + suffix, true}, {"p99", WarmP99 + suffix, true}, {"CPU each", WarmCPU + suffix, true},
		})
	}
	r.writeTable(w, "Weight and calls", []column{
		{"peak memory, MB", PeakMemory, true}, {"AssumeRole, each process", AssumeRoles, false},
		{"sign-in, each", SignIns, false}, {"profile, each", Profiles, false},
		{"connections: STS", STSConnections, false}, {"Cognito", CognitoConnections, false},
	})
	if r.Quota.Unavailable != "" {
		fmt.Fprintf(w, "\nUnder a quota: not measured, %s.\n", r.Quota.Unavailable)
	} else {
		r.writeTable(w, fmt.Sprintf("Under a quota of %g %% of one core, %d rounds, milliseconds", r.Quota.Percent, r.Quota.Rounds), []column{
			{"start to first poll", UnderQuota + Start, true}, {"first invocation", UnderQuota + First, true},
			{"warm p50", UnderQuota + WarmP50 + delayOf(r.DelaysMS[0]), true}, {"warm p99", UnderQuota + WarmP99 + delayOf(r.DelaysMS[0]), true},
		})
	}
}

// write writes one table for each thing that grows.
func (l *Load) write(w io.Writer) {
	fmt.Fprintf(w, "\nHow the cost of an attempt grows: %d processes, %d attempts each.\n", l.Processes, l.Attempts)
	for _, series := range l.Series {
		table := [][]string{{series.Title, "CPU each, ms", "time each, ms", "start's CPU, ms", "calls each"}}
		for _, p := range series.Points {
			table = append(table, []string{strconv.Itoa(p.N), cell(p.CPU, false), cell(p.Time, false), cell(p.StartCPU, false), number(p.Calls)})
		}
		writeAligned(w, table)
		fmt.Fprintf(w, "CPU: %s; %s ms + %s ms for each.\n", series.Growth.Verdict, number(series.Growth.Base), precise(series.Growth.Each))
	}
}

func precise(value float64) string { return strconv.FormatFloat(value, 'g', 2, 64) }

func delayOf(ms float64) string {
	return WithDelay("", durationOf(ms))
}

// The markers between which a page takes the tables.
const (
	insertBegins = "<!-- bench:begin -->\n"
	insertEnds   = "<!-- bench:end -->"
)

// Insert puts the tables between the markers of a page.
func (r *Report) Insert(page []byte) ([]byte, error) {
	before, rest, begins := strings.Cut(string(page), insertBegins)
	_, after, ends := strings.Cut(rest, insertEnds)
	if !begins || !ends {
		return nil, errors.New("the page has no place for the tables")
	}
	var tables strings.Builder
	r.WriteTables(&tables)
	return []byte(before + insertBegins + "```text\n" + tables.String() + "```\n" + insertEnds + after), nil
}

// writeTable writes one row for each program that has something to say.
func (r *Report) writeTable(w io.Writer, title string, columns []column) {
	table := [][]string{{title}}
	for _, c := range columns {
		table[0] = append(table[0], c.title)
	}
	for _, p := range r.Programs {
		row, something := []string{p.Title}, false
		for _, c := range columns {
			figure, measured := p.Figures[c.metric]
			if !measured {
				row = append(row, "–")
				continue
			}
			something = true
			row = append(row, cell(figure, c.ratio))
		}
		if something {
			table = append(table, row)
		}
	}
	writeAligned(w, table)
}

func cell(figure Figure, ratio bool) string {
	text := number(figure.Median)
	if figure.Min != figure.Max {
		text += " [" + number(figure.Min) + "–" + number(figure.Max) + "]"
	}
	if ratio && figure.ToFloor > 0 {
		text += fmt.Sprintf(" ×%-5s", number(figure.ToFloor))
	}
	return text
}

// number writes three digits that count.
func number(value float64) string {
	switch {
	case value >= 100 || value == float64(int(value)):
		return strconv.FormatFloat(value, 'f', 0, 64)
	case value >= 10:
		return strconv.FormatFloat(value, 'f', 1, 64)
	default:
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
}

func (r *Report) writeTargets(w io.Writer) {
	table := [][]string{{"Targets", "wanted", "measured", ""}}
	for _, t := range r.Targets {
		measured, met := number(t.Measured)+" "+t.Unit, "NOT MET"
		switch {
		case !t.Known:
			measured, met = "–", "not measured"
		case t.Met:
			met = "met"
		}
		table = append(table, []string{t.Title, t.Wanted, measured, met})
	}
	writeAligned(w, table)
}

// writeAligned writes rows whose columns are as wide as their widest cell: the
// first aligned left, the others right.
func writeAligned(w io.Writer, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	fmt.Fprintln(w)
	for n, row := range table {
		var line strings.Builder
		for i, text := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i == 0 {
				line.WriteString(text + space)
			} else {
				line.WriteString("  " + space + text)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
		if n == 0 {
			fmt.Fprintln(w, strings.Repeat("-", utf8.RuneCountInString(line.String())))
		}
	}
}
