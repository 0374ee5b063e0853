package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/app/trial"
)

// The columns of a finding.
const (
	lineWidth   = 80
	statusWidth = 6
	nameWidth   = 27
)

// order is that of the statuses: the worst first.
func order() []doctor.Status {
	return []doctor.Status{doctor.Fail, doctor.Warn, doctor.Pass, doctor.Skip}
}

// counted returns the number of checks of each status.
func counted(checks []doctor.Check) map[doctor.Status]int {
	counts := make(map[doctor.Status]int)
	for _, status := range order() {
		counts[status] = 0
	}
	for _, check := range checks {
		counts[check.Status]++
	}
	return counts
}

// writeChecks prints the summary, then one line for each check, failures first.
// What does not fit into the line, and what to do, stands below it.
func writeChecks(to io.Writer, checks []doctor.Check, coloured bool) error {
	var text strings.Builder
	counts := counted(checks)
	var summary []string
	for _, status := range order() {
		if counts[status] > 0 || status == doctor.Fail {
			summary = append(summary, fmt.Sprintf("%d %s", counts[status], status))
		}
	}
	text.WriteString(strings.Join(summary, ", ") + "\n\n")
	for _, status := range order() {
		for _, check := range checks {
			if check.Status == status {
				writeCheck(&text, check, coloured)
			}
		}
	}
	_, err := io.WriteString(to, text.String())
	return err
}

func writeCheck(text *strings.Builder, check doctor.Check, coloured bool) {
	saw := trial.OneLine(check.Saw)
	line := fmt.Sprintf("%-*s%-*s %s", statusWidth, check.Status, nameWidth-1, check.Name, saw)
	short := shortened(line, lineWidth)
	if coloured {
		short = colourOf(check.Status) + short[:statusWidth] + "\x1b[0m" + short[statusWidth:]
	}
	text.WriteString(short + "\n")
	if len([]rune(line)) > lineWidth {
		writeDetails(text, "  ", saw)
	}
	if check.Remedy != "" {
		writeDetails(text, "-> ", trial.OneLine(check.Remedy))
	}
}

func colourOf(status doctor.Status) string {
	switch status {
	case doctor.Fail:
		return "\x1b[31m"
	case doctor.Warn:
		return "\x1b[33m"
	case doctor.Pass:
		return "\x1b[32m"
	case doctor.Skip:
	}
	return "\x1b[2m"
}

// shortened cuts a line to a number of columns.
func shortened(line string, width int) string {
	signs := []rune(line)
	if len(signs) <= width {
		return line
	}
	return strings.TrimRight(string(signs[:width-1]), " ") + "…"
}

// writeDetails prints a text below its line. A command stays on one line, so that
// it can be pasted.
func writeDetails(text *strings.Builder, mark, details string) {
	const indent = "      "
	line := indent + mark
	begins := line
	for _, word := range wordsOf(details) {
		if line != begins && len([]rune(line))+1+len([]rune(word)) > lineWidth {
			text.WriteString(line + "\n")
			line = indent + strings.Repeat(" ", len(mark))
			begins = line
		}
		if line != begins {
			line += " "
		}
		line += word
	}
	text.WriteString(line + "\n")
}

// wordsOf splits a text at spaces, but for commands and quoted values.
func wordsOf(text string) []string {
	if strings.HasPrefix(text, "aws ") || strings.HasPrefix(text, "bin/") {
		return []string{text}
	}
	return regexp.MustCompile("(?:='[^']*'|`[^`]*`|[^\\s`])+").FindAllString(text, -1)
}

// waitingLine shows on a terminal what has not been answered yet; the second
// function removes the line.
func waitingLine(s streams) (waiting func([]string), done func()) {
	if !animates(s) {
		return nil, func() {}
	}
	const erase = "\r\x1b[K"
	return func(names []string) {
		if len(names) > 0 {
			fmt.Fprint(s.err, erase+shortened("waiting for "+strings.Join(slices.Clone(names), ", "), lineWidth-1))
		}
	}, func() { fmt.Fprint(s.err, erase) }
}
