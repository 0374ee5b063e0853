package tail

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/app/userfile"
)

// logLine is one line of a job's log ("Viewing the user pool import results in the
// CloudWatch console", Amazon Cognito Developer Guide).
var logLine = regexp.MustCompile(`^\[(SUCCEEDED|SKIPPED|FAILED)\] Line Number (\d+)\s*-?\s*(.*)$`)

// jobLog is what the log of a job says.
type jobLog struct {
	// outcomes are those of the lines that were skipped or failed.
	outcomes map[int]outcome
	// succeeded holds which lines succeeded.
	succeeded map[int]bool
	// shift is 1 if the log counts the header as line 1.
	shift int
}

type outcome struct{ word, reason string }

// Outcomes of a line.
const (
	wordSkipped  = "skipped"
	wordFailed   = "failed"
	wordNotTried = "not_tried"
	wordUnknown  = "unknown"
)

// explain reads the job's log and writes failed-NNN.csv, if a user was not imported.
func (i *Importer) explain(ctx context.Context, file File, e *entry) error {
	if e.Imported == file.Rows {
		return i.move(e, stepExplained)
	}
	name, err := i.PoolName(ctx)
	if err != nil {
		return err
	}
	log, err := i.readLog(ctx, "/aws/cognito/userpools/"+i.Destination+"/"+name, e.JobID+"/"+e.JobName, file, e)
	if err != nil {
		return fmt.Errorf("the log of the job %s cannot be read: %w; allow logs:GetLogEvents to yourself, and run the same command again", e.JobID, err)
	}
	if err := i.writeFailed(file, e, log); err != nil {
		return err
	}
	return i.move(e, stepExplained)
}

// readLog reads the log until it has what the job counted: lines come late.
func (i *Importer) readLog(ctx context.Context, group, stream string, file File, e *entry) (*jobLog, error) {
	for attempt := 1; ; attempt++ {
		log, err := i.readLogOnce(ctx, group, stream, file)
		skipped, failed := 0, 0
		if err == nil {
			skipped, failed = log.counts()
		}
		whole := err == nil && skipped == e.Skipped && failed == e.Failed
		switch {
		case whole:
			return log, nil
		case err != nil && !errors.Is(err, importjob.ErrNotFound):
			return nil, err
		case attempt == mostReads && err != nil:
			return nil, err
		case attempt == mostReads:
			i.note("%s: the log names %d skipped and %d failed users, and the job counted %d and %d", file.Name, skipped, failed, e.Skipped, e.Failed)
			return log, nil
		}
		if err := i.Pause(ctx, i.Poll); err != nil {
			return nil, err
		}
	}
}

func (i *Importer) readLogOnce(ctx context.Context, group, stream string, file File) (*jobLog, error) {
	log := &jobLog{outcomes: make(map[int]outcome), succeeded: make(map[int]bool)}
	first, last := false, false
	err := i.Jobs.Log(ctx, group, stream, func(line string) error {
		found := logLine.FindStringSubmatch(line)
		if found == nil {
			return nil
		}
		number, err := strconv.Atoi(found[2])
		if err != nil || number < 1 || number > file.Rows+1 {
			return fmt.Errorf("it names line %s, and the file has %d users", found[2], file.Rows)
		}
		first, last = first || number == 1, last || number == file.Rows+1
		if found[1] == "SUCCEEDED" {
			log.succeeded[number] = true
			return nil
		}
		log.outcomes[number] = outcome{strings.ToLower(found[1]), found[3]}
		return nil
	})
	// Whether the header counts is not documented: line 1 is never the header, and
	// the line after the last user is never without it.
	switch {
	case err != nil:
		return nil, err
	case first && last:
		return nil, errors.New("its line numbers do not fit the file")
	case last, !first && (log.succeeded[2] || log.outcomes[2] != outcome{}):
		log.shift = 1
	}
	return log, nil
}

func (l *jobLog) counts() (skipped, failed int) {
	for _, one := range l.outcomes {
		if one.word == wordSkipped {
			skipped++
		} else {
			failed++
		}
	}
	return skipped, failed
}

// of is what became of a line; empty for one that succeeded.
func (l *jobLog) of(line int, e *entry, rows int) outcome {
	if one, there := l.outcomes[line+l.shift]; there {
		return one
	}
	skipped, failed := l.counts()
	switch {
	case l.succeeded[line+l.shift]:
		return outcome{}
	case e.Imported+e.Skipped+e.Failed == rows && skipped == e.Skipped && failed == e.Failed:
		return outcome{} // only the others are in the log
	case len(l.succeeded) == e.Imported && e.Imported+e.Skipped+e.Failed < rows:
		return outcome{wordNotTried, "the job ended before this line: " + e.Message}
	default:
		return outcome{wordUnknown, "the log does not name this line"}
	}
}

// remedyOf says what to do about a user who was not imported.
func remedyOf(one outcome) string {
	reason := strings.ToLower(one.reason)
	switch {
	case one.word == wordNotTried, one.word == wordUnknown:
		return "scan with migratectl report --rescan and export to another folder; users who are in the destination are then left out"
	case one.word == wordSkipped, strings.Contains(reason, "already exists"):
		return "the destination has a user of this name or contact; migratectl report --rescan says whether it is the same user"
	case strings.Contains(reason, "auto verified"):
		return "verify a contact of a kind that the destination verifies, or vouch for it with --vouch, and export to another folder"
	case strings.Contains(reason, "internal"):
		return "scan with migratectl report --rescan and export to another folder"
	default:
		return "correct the user at the source, scan with migratectl report --rescan, and export to another folder"
	}
}

// writeFailed names the users who were not imported.
func (i *Importer) writeFailed(file File, e *entry, log *jobLog) error {
	lines, err := os.Open(filepath.Join(i.Folder, file.Lines))
	if err != nil {
		return err
	}
	defer func() { _ = lines.Close() }() // nothing was written
	rows := csv.NewReader(bufio.NewReader(lines))
	rows.ReuseRecord = true
	path := filepath.Join(i.Folder, strings.Replace(file.Name, "import-", "failed-", 1))
	err = userfile.Write(path, func(to io.Writer) error {
		if _, err := io.WriteString(to, "line,source,sub,username,outcome,reason,remedy\n"); err != nil {
			return err
		}
		return eachLine(rows, file, func(line int, fields []string) error {
			one := log.of(line, e, file.Rows)
			if one.word == "" {
				return nil
			}
			_, err := to.Write(appendRow(nil, fields[0], unguarded(fields[1]), unguarded(fields[2]), unguarded(fields[3]), one.word, one.reason, remedyOf(one)))
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, full(err))
	}
	return nil
}

// eachLine reads the file that says which user each line is.
func eachLine(rows *csv.Reader, file File, do func(line int, fields []string) error) error {
	for line := 0; ; line++ {
		fields, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF) && line == file.Rows+1:
			return nil
		case err != nil || len(fields) != 4 || line > 0 && fields[0] != strconv.Itoa(line):
			return fmt.Errorf("%s was changed after the export; restore it, and run the same command again", file.Lines)
		case line > 0:
			if err := do(line, fields); err != nil {
				return err
			}
		}
	}
}
