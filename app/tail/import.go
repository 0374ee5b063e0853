package tail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/ports"
)

// Jobs are the import jobs of the destination.
type Jobs interface {
	Header(ctx context.Context) ([]string, error)
	Create(ctx context.Context, name, role, algorithm string) (importjob.Job, error)
	Find(ctx context.Context, name string) (importjob.Job, bool, error)
	Describe(ctx context.Context, id string) (importjob.Job, error)
	Start(ctx context.Context, id string) (importjob.Job, error)
	Stop(ctx context.Context, id string) (importjob.Job, error)
	Upload(ctx context.Context, url string, file io.Reader, size int64) error
	Log(ctx context.Context, group, stream string, do func(line string) error) error
}

// Importer imports the files of an export, one job at a time.
type Importer struct {
	Folder string
	// Destination is the user pool's ID.
	Destination string
	// PoolName reads the user pool's name, which the log is found by.
	PoolName func(ctx context.Context) (string, error)
	// Role is the ARN of the role by which a job writes its log.
	Role string
	Jobs Jobs
	// Poll is how long to wait between two questions about a job.
	Poll time.Duration
	// Pause waits, and Now is the clock; tests replace them.
	Pause func(ctx context.Context, time time.Duration) error
	Now   func() time.Time
	// Note gets what the operator should know.
	Note func(text string)
	// Progress gets the number of users of a file that were processed.
	Progress func(file File, taken int)

	manifest *Manifest
	journal  *journal
}

// Imported is what became of all files.
type Imported struct {
	Files []ImportedFile
	// Users is how many users all files have.
	Users, Imported, Skipped, Failed, NotTried int
	// Unread are the files whose log could not be read.
	Unread []error
}

// ImportedFile is what became of one file.
type ImportedFile struct {
	File
	Job                                 string
	Status                              importjob.Status
	Message                             string
	Imported, Skipped, Failed, NotTried int
	// Step is how far a file has come that is not finished; empty for one that is
	// not begun.
	Step string
	// Explained holds where failed-NNN.csv was written, or nothing failed.
	Explained bool
}

// All reports whether every user was imported.
func (i *Imported) All() bool { return i.Imported == i.Users && len(i.Unread) == 0 }

// Times of a job ("CreateUserImportJob", Amazon Cognito API Reference).
const (
	urlTime = 15 * time.Minute
	// urlReserve is what an upload is given at least.
	urlReserve  = 30 * time.Second
	mostStarts  = 6
	mostUploads = 4
	mostMisses  = 30
	mostJobs    = 3
	mostReads   = 4
)

// Check reads the folder and the destination, and changes nothing. The function that
// it returns ends the use of the folder.
func (i *Importer) Check(ctx context.Context) (Imported, func(), error) {
	manifest, err := readManifest(i.Folder)
	if err != nil {
		return Imported{}, nil, err
	}
	if manifest.Destination != i.Destination {
		return Imported{}, nil, fmt.Errorf("%s was exported for the user pool %s, not %s; give --destination-pool %[2]s, or export again", i.Folder, manifest.Destination, i.Destination)
	}
	locked, err := lock(i.Folder)
	if err != nil {
		return Imported{}, nil, err
	}
	release := func() { _ = locked.Close() } // nothing was written
	i.manifest = manifest
	if i.journal, err = readJournal(i.Folder, manifest); err == nil && i.journal.open() {
		err = i.checkFiles(ctx)
	}
	if err != nil {
		release()
		return Imported{}, nil, err
	}
	return i.result(), release, nil
}

// checkFiles holds what is not imported yet against the destination.
func (i *Importer) checkFiles(ctx context.Context) error {
	header, err := i.Jobs.Header(ctx)
	if err != nil {
		return err
	}
	if err := sameColumns(i.manifest.Header, header); err != nil {
		return err
	}
	for k, file := range i.manifest.Files {
		if step := i.journal.Files[k].Step; step == stepStarted || step == stepEnded || step == stepExplained {
			continue
		}
		digest, size, err := digestOf(filepath.Join(i.Folder, file.Name))
		if err != nil {
			return err
		}
		if digest != file.SHA256 || size != file.Bytes {
			return fmt.Errorf("%s was changed after the export; export again to another folder", file.Name)
		}
		if _, err := os.Stat(filepath.Join(i.Folder, file.Lines)); err != nil {
			return fmt.Errorf("%w; export again to another folder", err)
		}
	}
	return nil
}

// sameColumns compares the columns of the export with those of the pool. Their order
// is free.
func sameColumns(exported, now []string) error {
	var changes []string
	for _, name := range now {
		if !slices.Contains(exported, name) {
			changes = append(changes, "new: "+name)
		}
	}
	for _, name := range exported {
		if !slices.Contains(now, name) {
			changes = append(changes, "gone: "+name)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return fmt.Errorf("the columns of the destination have changed since the export (%s); export again to another folder", strings.Join(changes, ", "))
}

func digestOf(path string) (digest string, size int64, err error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	sum := sha256.New()
	size, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), size, err
}

// Run imports what is left. Check comes before it. It can be called again after any
// error, and after a run that was killed.
func (i *Importer) Run(ctx context.Context) (Imported, error) {
	for k, file := range i.manifest.Files {
		if err := i.importFile(ctx, file, i.journal.Files[k]); err != nil {
			return i.result(), fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	var unread []error
	for k, file := range i.manifest.Files {
		e := i.journal.Files[k]
		if e.Step != stepEnded {
			continue
		}
		if err := i.explain(ctx, file, e); err != nil {
			if ctx.Err() != nil || errors.Is(err, ErrDiskFull) {
				return i.result(), err
			}
			unread = append(unread, fmt.Errorf("%s: %w", file.Name, err))
		}
	}
	result := i.result()
	result.Unread = unread
	return result, nil
}

// result sums the journal up.
func (i *Importer) result() Imported {
	var result Imported
	for k, file := range i.manifest.Files {
		e := i.journal.Files[k]
		one := ImportedFile{File: file, Job: e.JobID, Status: e.Status, Message: e.Message, Step: string(e.Step), Explained: e.Step == stepExplained}
		if e.Step == stepEnded || e.Step == stepExplained {
			one.Imported, one.Skipped, one.Failed = e.Imported, e.Skipped, e.Failed
			one.NotTried = max(0, file.Rows-e.Imported-e.Skipped-e.Failed)
		}
		result.Files = append(result.Files, one)
		result.Users += file.Rows
		result.Imported += one.Imported
		result.Skipped += one.Skipped
		result.Failed += one.Failed
		result.NotTried += one.NotTried
	}
	return result
}

// move sets the step of a file, on the disk too.
func (i *Importer) move(e *entry, to step) error {
	e.Step = to
	return i.journal.save()
}

// importFile imports one file, from the step that it has reached.
func (i *Importer) importFile(ctx context.Context, file File, e *entry) error {
	// What is known of the job from this run; its URL is in no journal.
	var job importjob.Job
	for jobs := 0; ; {
		var err error
		switch e.Step {
		case stepNew, stepRefused:
			if jobs++; jobs > mostJobs {
				return fmt.Errorf("%d jobs came to no upload; check the network, and run the same command again", mostJobs)
			}
			e.Attempt++
			e.JobName, e.JobID, e.Status, e.Message = fmt.Sprintf("%s-%.12s-%d", strings.TrimSuffix(file.Name, ".csv"), file.SHA256, e.Attempt), "", "", ""
			if err = i.move(e, stepCreating); err == nil {
				job, err = i.create(ctx, file, e)
			}
		case stepCreating:
			job, err = i.adopt(ctx, file, e)
		case stepCreated:
			err = i.upload(ctx, file, e, job)
			job = importjob.Job{}
		case stepUploaded:
			err = i.start(ctx, e)
		case stepStarted:
			err = i.watch(ctx, file, e)
		case stepEnded, stepExplained:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// create creates the job.
func (i *Importer) create(ctx context.Context, file File, e *entry) (importjob.Job, error) {
	job, err := i.Jobs.Create(ctx, e.JobName, i.Role, file.Algorithm)
	switch {
	case errors.Is(err, importjob.ErrUnanswered):
		return job, fmt.Errorf("%w; run the same command again: it looks for the job first", err)
	case errors.Is(err, importjob.ErrRole):
		return job, fmt.Errorf("the role %s cannot be used: allow iam:PassRole on it to yourself, and cognito-idp.amazonaws.com to assume it (deploy/cloudformation/import-role.yaml): %w", i.Role, err)
	case errors.Is(err, importjob.ErrBusy):
		return job, fmt.Errorf("%w; wait for its end, and run the same command again", err)
	case errors.Is(err, importjob.ErrNotPermitted):
		return job, fmt.Errorf("%w; allow cognito-idp:CreateUserImportJob and iam:PassRole on %s to yourself", err, i.Role)
	case err != nil:
		return job, err
	}
	e.JobID = job.ID
	job.Created = float64(i.Now().UnixMilli()) / 1000 // by our clock, which may differ from the service's
	return job, i.move(e, stepCreated)
}

// adopt looks for the job that an earlier run may have created.
func (i *Importer) adopt(ctx context.Context, file File, e *entry) (importjob.Job, error) {
	job, found, err := i.Jobs.Find(ctx, e.JobName)
	if err != nil {
		return job, err
	}
	if !found {
		return i.create(ctx, file, e)
	}
	e.JobID = job.ID
	return job, i.move(e, stepCreated)
}

// upload uploads the file. An upload that is done twice is one.
func (i *Importer) upload(ctx context.Context, file File, e *entry, job importjob.Job) error {
	if job.ID == "" || job.URL == "" {
		var err error
		if job, err = i.Jobs.Describe(ctx, e.JobID); err != nil {
			return err
		}
	}
	switch {
	case job.Status.Ended() && job.Taken() == 0:
		i.note("%s: its job %s is %s and took no user; a new job is created", file.Name, e.JobID, job.Status)
		return i.move(e, stepRefused)
	case job.Status != importjob.Created && job.Status != "":
		return i.move(e, stepStarted)
	}
	until := job.CreatedAt().Add(urlTime)
	for attempt := 1; job.URL != "" && i.Now().Before(until.Add(-urlReserve)); attempt++ {
		err := i.send(ctx, file, job.URL, until.Sub(i.Now()))
		switch {
		case err == nil:
			return i.move(e, stepUploaded)
		case errors.Is(err, importjob.ErrURLExpired):
			until = time.Time{}
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, importjob.ErrUnanswered), attempt == mostUploads:
			return err
		}
		if err := i.Pause(ctx, i.Poll/5); err != nil {
			return err
		}
	}
	return i.startOrGiveUp(ctx, file, e)
}

func (i *Importer) send(ctx context.Context, file File, url string, within time.Duration) error {
	content, err := os.Open(filepath.Join(i.Folder, file.Name))
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // nothing was written
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = i.Jobs.Upload(limited, url, content, file.Bytes)
	if limited.Err() != nil && ctx.Err() == nil {
		return importjob.ErrURLExpired
	}
	return err
}

// startOrGiveUp starts a job whose URL is no longer taken, if an earlier run has
// uploaded the file. Without a file, the job is stopped, and can never start.
func (i *Importer) startOrGiveUp(ctx context.Context, file File, e *entry) error {
	_, err := i.Jobs.Start(ctx, e.JobID)
	switch {
	case err == nil:
		return i.move(e, stepStarted)
	case !errors.Is(err, importjob.ErrNoUpload):
		return err
	}
	if _, err := i.Jobs.Stop(ctx, e.JobID); err != nil {
		return err
	}
	i.note("%s: the 15 minutes for the upload to job %s are over; a new job is created", file.Name, e.JobID)
	return i.move(e, stepRefused)
}

// start starts the job. The upload is not seen at once.
func (i *Importer) start(ctx context.Context, e *entry) error {
	pause := i.Poll / 5
	for attempt := 1; ; attempt++ {
		_, err := i.Jobs.Start(ctx, e.JobID)
		if err == nil {
			return i.move(e, stepStarted)
		}
		job, described := i.Jobs.Describe(ctx, e.JobID)
		switch {
		case described != nil:
		case job.Status.Ended() && job.Taken() == 0:
			i.note("%s: its job %s is %s and took no user; a new job is created", e.File, e.JobID, job.Status)
			return i.move(e, stepRefused)
		case job.Status != importjob.Created:
			return i.move(e, stepStarted)
		}
		again := errors.Is(err, importjob.ErrNoUpload) || errors.Is(err, importjob.ErrUnanswered) || errors.Is(err, ports.ErrThrottled)
		switch {
		case errors.Is(err, importjob.ErrBusy):
			return fmt.Errorf("another import job of the account is active; wait for its end, and run the same command again: %w", err)
		case !again || attempt == mostStarts:
			return fmt.Errorf("%w; run the same command again: it continues with the same job", err)
		}
		if err := i.Pause(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

// watch waits for the end of the job.
func (i *Importer) watch(ctx context.Context, file File, e *entry) error {
	misses := 0
	for {
		job, err := i.Jobs.Describe(ctx, e.JobID)
		transient := errors.Is(err, importjob.ErrUnanswered) || errors.Is(err, ports.ErrThrottled) || errors.Is(err, ports.ErrUnreachable)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && transient && misses < mostMisses:
			misses++
		case err != nil:
			return fmt.Errorf("%w; the job %s goes on. Run the same command again: it continues to watch it", err, e.JobID)
		default:
			misses = 0
			if i.Progress != nil {
				i.Progress(file, job.Taken())
			}
			if job.Status.Ended() {
				return i.end(e, job)
			}
		}
		if err := i.Pause(ctx, i.Poll); err != nil {
			return err
		}
	}
}

// end keeps how the job ended.
func (i *Importer) end(e *entry, job importjob.Job) error {
	e.Status, e.Message = job.Status, job.Message
	e.Imported, e.Skipped, e.Failed = job.Imported, job.Skipped, job.Failed
	if job.Taken() > 0 || job.Status == importjob.Succeeded {
		return i.move(e, stepEnded)
	}
	if err := i.move(e, stepRefused); err != nil {
		return err
	}
	if job.Status == importjob.Expired {
		return fmt.Errorf("the job %s expired before it started, and imported no user; run the same command again: it creates a new job", e.JobID)
	}
	return fmt.Errorf("the job %s is %s and imported no user: %q; remove the cause, and run the same command again: it creates a new job", e.JobID, job.Status, job.Message)
}

func (i *Importer) note(format string, arguments ...any) {
	if i.Note != nil {
		i.Note(fmt.Sprintf(format, arguments...))
	}
}
