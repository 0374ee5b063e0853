package tail

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/domain"
	"cognito-user-migration/domain/importfile"

	"golang.org/x/sync/errgroup"
)

// Hash is the password hash of a user.
type Hash struct {
	// Algorithm is one of Cognito's; empty if Cognito cannot take the hash.
	Algorithm string
	Text      string
}

// Exporter writes the users of a state who have not moved to files.
type Exporter struct {
	State    *reportstate.State
	Finished reportstate.Finished
	// Sources are the names of the sources, in their order.
	Sources []string
	Pool    importfile.Pool
	Vouch   importfile.Vouch
	// Shared are contacts that would belong to several users, because the operator
	// vouches for them.
	SharedEmail, SharedPhone map[string]bool
	// Only is a reason of the forecast that exported users have; empty for all.
	Only domain.Reason
	// RecentSince: users who have signed in at the source since are left out. It is
	// zero if they are not.
	RecentSince time.Time
	// Recent are further usernames that are left out for that reason.
	Recent map[string]bool
	// Hashes are the hashes of users, by source and username; nil for none.
	Hashes map[HashKey]Hash
	Folder string
	// MostRows and MostBytes bound each file.
	MostRows  int
	MostBytes int64
	// Workers is how many chunks are written side by side.
	Workers int
	// Progress gets the number of users that were examined.
	Progress func(users int)
}

// HashKey names the user of a hash.
type HashKey struct {
	Source   int
	Username string
}

// Exported is what an export did.
type Exported struct {
	Manifest Manifest
	// Users is how many users were written, WithHash how many of them with a hash.
	Users, WithHash int
	// LeftOut counts the users in left-out.csv by their reason.
	LeftOut map[domain.Reason]int
	// NotSelected is how many users Only leaves out.
	NotSelected int
	// SignInUnknown is how many written users have no known last sign-in.
	SignInUnknown int
}

// chunkSize is how many IDs a chunk has.
const chunkSize = 4096

// row is one written user: where the user's texts end in those of the chunk.
type row struct {
	algorithm     string
	file, line    int // ends
	signInUnknown bool
}

// chunk is what one range of IDs gives.
type chunk struct {
	rows        []row
	file, lines []byte
	left        []byte
	leftOut     map[domain.Reason]int
	notSelected int
}

// Run writes the files. After an error there is no manifest, so that no import takes
// the files for whole.
func (e *Exporter) Run(ctx context.Context) (Exported, error) {
	if err := e.prepare(); err != nil {
		return Exported{}, err
	}
	w, err := e.newWriter()
	if err != nil {
		return Exported{}, err
	}
	defer w.abandon()
	if err := e.write(ctx, w); err != nil {
		return Exported{}, full(err)
	}
	if err := w.finish(); err != nil {
		return Exported{}, full(err)
	}
	if err := writeJSON(e.Folder, manifestName, w.done.Manifest); err != nil {
		return Exported{}, err
	}
	return w.done, nil
}

// write has the chunks written by several workers, and takes them in their order.
func (e *Exporter) write(ctx context.Context, w *writer) error {
	group, ctx := errgroup.WithContext(ctx)
	chunks := int(e.Finished.LastID/chunkSize) + 1
	workers := max(1, e.Workers)
	results := make([]chan *chunk, workers)
	free := make([]chan *chunk, workers)
	for k := range workers {
		results[k], free[k] = make(chan *chunk, 1), make(chan *chunk, 2)
		free[k] <- new(chunk)
		free[k] <- new(chunk)
		rows, err := importfile.New(e.Pool, e.Vouch)
		if err != nil {
			return err
		}
		group.Go(func() error {
			for i := k; i < chunks; i += workers {
				var c *chunk
				select {
				case c = <-free[k]:
				case <-ctx.Done():
					return ctx.Err()
				}
				if err := e.fill(ctx, c, rows, int64(i)*chunkSize); err != nil {
					return err
				}
				select {
				case results[k] <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for i := range chunks {
			select {
			case c := <-results[i%workers]:
				if err := w.take(c); err != nil {
					return err
				}
				if e.Progress != nil {
					e.Progress(chunkSize)
				}
				free[i%workers] <- c
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// fill writes the users of one range of IDs.
func (e *Exporter) fill(ctx context.Context, c *chunk, rows *importfile.Rows, first int64) error {
	c.rows, c.file, c.lines, c.left, c.notSelected = c.rows[:0], c.file[:0], c.lines[:0], c.left[:0], 0
	c.leftOut = make(map[domain.Reason]int)
	var written importfile.User
	return e.State.Tail(ctx, first, first+chunkSize, len(e.SharedEmail)+len(e.SharedPhone) > 0, func(user *reportstate.TailUser) error {
		if e.Only != "" && user.SignInReason != e.Only && user.ForgotReason != e.Only && user.Reason != e.Only {
			c.notSelected++
			return nil
		}
		source := e.Sources[user.Source]
		out := func(problem importfile.Problem) {
			c.leftOut[problem.Reason]++
			c.left = appendRow(c.left, source, user.Sub, user.Username, string(problem.Reason), problem.Attribute, importfile.Remedy(problem.Reason))
		}
		if problem := e.problemOf(user); problem.Reason != "" {
			out(problem)
			return nil
		}
		written.Username, written.SourceUsername, written.Attributes = user.Name, user.Username, user.Attributes
		hash := e.Hashes[HashKey{user.Source, user.Username}]
		written.Hash = ""
		if hash.Algorithm != "" {
			written.Hash = hash.Text
		}
		var problem importfile.Problem
		if c.file, problem = rows.Append(c.file, &written); problem.Reason != "" {
			if problem.Attribute == e.Pool.Header.HashColumn() && problem.Attribute != "" {
				problem = importfile.Problem{Reason: importfile.ReasonPasswordHash}
			}
			out(problem)
			return nil
		}
		c.lines = appendRow(append(c.lines, ','), source, user.Sub, user.Username)
		c.rows = append(c.rows, row{algorithm: hash.Algorithm, file: len(c.file), line: len(c.lines), signInUnknown: user.LastSignIn.IsZero()})
		return nil
	})
}

// problemOf says why the user is in no file, as far as that does not depend on the row.
func (e *Exporter) problemOf(user *reportstate.TailUser) importfile.Problem {
	vouched := user.Reason == domain.ReasonNoVerifiedContact && user.Attributes != nil && (e.Vouch.Email || e.Vouch.Phone)
	switch {
	case user.Reason != "" && !vouched:
		return importfile.Problem{Reason: user.Reason}
	case user.Attributes == nil:
		return importfile.Problem{Reason: domain.ReasonNoVerifiedContact}
	case e.SharedEmail[user.Email] || e.SharedPhone[user.Phone]:
		return importfile.Problem{Reason: domain.ReasonContactShared}
	case !e.RecentSince.IsZero() && user.LastSignIn.After(e.RecentSince), e.Recent[user.Username]:
		return importfile.Problem{Reason: importfile.ReasonSignedInRecently}
	}
	return importfile.Problem{}
}

// ours matches the files that an export writes.
var ours = regexp.MustCompile(`^(import|lines)-\d{3,}\.csv$|^left-out\.csv$`)

// prepare makes the folder, and removes what an export that was interrupted left.
func (e *Exporter) prepare() error {
	if err := os.MkdirAll(e.Folder, 0o700); err != nil {
		return full(err)
	}
	entries, err := os.ReadDir(e.Folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == manifestName || entry.Name() == journalName {
			return fmt.Errorf("%s: %w", e.Folder, ErrInUse)
		}
	}
	for _, entry := range entries {
		if !ours.MatchString(entry.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(e.Folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// writer takes chunks and writes files.
type writer struct {
	e    *Exporter
	done Exported
	// open are the files that are written, by the algorithm of their hashes.
	open map[string]*openFile
	left *output
}

// openFile is a file for the job and its lines.
type openFile struct {
	file        File
	rows, lines *output
	digest      hash.Hash
	number      []byte
}

// output is one file that is written.
type output struct {
	file *os.File
	to   *bufio.Writer
}

func (e *Exporter) create(name string) (*output, error) {
	file, err := os.OpenFile(filepath.Join(e.Folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, err
	}
	return &output{file, bufio.NewWriterSize(file, 1<<18)}, nil
}

func (o *output) close() error {
	return errors.Join(o.to.Flush(), o.file.Sync(), o.file.Close())
}

func (e *Exporter) newWriter() (*writer, error) {
	left, err := e.create(leftOutName)
	if err != nil {
		return nil, full(err)
	}
	_, err = left.to.WriteString("source,sub,username,reason,attribute,remedy\n")
	w := &writer{e: e, left: left, open: make(map[string]*openFile), done: Exported{
		LeftOut:  make(map[domain.Reason]int),
		Manifest: Manifest{Destination: e.Finished.Destination, Header: e.Pool.Header.Names(), ScannedAt: e.Finished.FinishedAt, Files: []File{}},
	}}
	return w, err
}

// take writes a chunk.
func (w *writer) take(c *chunk) error {
	file, line := 0, 0
	for _, row := range c.rows {
		if err := w.add(row, c.file[file:row.file], c.lines[line:row.line]); err != nil {
			return err
		}
		file, line = row.file, row.line
	}
	for reason, users := range c.leftOut {
		w.done.LeftOut[reason] += users
	}
	w.done.NotSelected += c.notSelected
	_, err := w.left.to.Write(c.left)
	return err
}

func (w *writer) add(row row, text, line []byte) error {
	f := w.open[row.algorithm]
	if f != nil && (f.file.Rows == w.e.MostRows || f.file.Bytes+int64(len(text)) > w.e.MostBytes) {
		if err := w.close(f); err != nil {
			return err
		}
		f = nil
	}
	if f == nil {
		var err error
		if f, err = w.next(row.algorithm); err != nil {
			return err
		}
	}
	f.file.Rows++
	f.file.Bytes += int64(len(text))
	w.done.Users++
	if row.algorithm != "" {
		w.done.WithHash++
	}
	if row.signInUnknown {
		w.done.SignInUnknown++
	}
	f.digest.Write(text) // never an error ("hash.Hash")
	f.number = strconv.AppendInt(f.number[:0], int64(f.file.Rows), 10)
	for _, part := range []struct {
		to   *bufio.Writer
		text []byte
	}{{f.rows.to, text}, {f.lines.to, f.number}, {f.lines.to, line}} {
		if _, err := part.to.Write(part.text); err != nil {
			return err
		}
	}
	return nil
}

// next opens the next file.
func (w *writer) next(algorithm string) (*openFile, error) {
	number := fmt.Sprintf("%03d", len(w.done.Manifest.Files)+1)
	f := &openFile{digest: sha256.New(), file: File{Name: "import-" + number + ".csv", Lines: "lines-" + number + ".csv", Algorithm: algorithm}}
	w.done.Manifest.Files = append(w.done.Manifest.Files, f.file)
	var err error
	if f.rows, err = w.e.create(f.file.Name); err != nil {
		return nil, err
	}
	if f.lines, err = w.e.create(f.file.Lines); err != nil {
		_ = f.rows.file.Close() // nothing was written
		return nil, err
	}
	w.open[algorithm] = f
	header := w.e.Pool.Header.Line()
	f.file.Bytes = int64(len(header))
	f.digest.Write([]byte(header)) // never an error ("hash.Hash")
	_, err = f.rows.to.WriteString(header)
	if err == nil {
		_, err = f.lines.to.WriteString("line,source,sub,username\n")
	}
	return f, err
}

func (w *writer) close(f *openFile) error {
	f.file.SHA256 = hex.EncodeToString(f.digest.Sum(nil))
	i := slices.IndexFunc(w.done.Manifest.Files, func(file File) bool { return file.Name == f.file.Name })
	w.done.Manifest.Files[i] = f.file
	delete(w.open, f.file.Algorithm)
	return errors.Join(f.rows.close(), f.lines.close())
}

// finish closes all files.
func (w *writer) finish() error {
	for _, f := range w.open {
		if err := w.close(f); err != nil {
			return err
		}
	}
	err := w.left.close()
	w.left = nil
	return err
}

// abandon closes what finish did not. The files stay as they are; the next export
// removes them.
func (w *writer) abandon() {
	for _, f := range w.open {
		_, _ = f.rows.file.Close(), f.lines.file.Close() // they are not read
	}
	if w.left != nil {
		_ = w.left.file.Close() // it is not read
	}
}
