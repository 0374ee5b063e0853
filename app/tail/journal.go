package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"cognito-user-migration/adapters/cognitosource/importjob"
)

// step is how far the import of a file has come.
type step string

// The steps of a file, in their order. Each is on the disk before the next one
// begins, so that a run that was killed is continued with the same job.
const (
	stepNew step = ""
	// stepCreating: a job of this name may exist.
	stepCreating step = "creating"
	stepCreated  step = "created"
	stepUploaded step = "uploaded"
	stepStarted  step = "started"
	// stepRefused: the job ended before it took a user, so that the file may have
	// another one.
	stepRefused step = "refused"
	// stepEnded: the job has taken users; its log was not read yet.
	stepEnded     step = "ended"
	stepExplained step = "explained"
)

// entry is the state of one file.
type entry struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Step   step   `json:"step"`
	// Attempt counts the jobs of the file. Only the last one can have taken users.
	Attempt int              `json:"attempt"`
	JobName string           `json:"jobName,omitempty"`
	JobID   string           `json:"jobId,omitempty"`
	Status  importjob.Status `json:"status,omitempty"`
	// Imported, Skipped and Failed are the job's own counts.
	Imported int    `json:"imported"`
	Skipped  int    `json:"skipped"`
	Failed   int    `json:"failed"`
	Message  string `json:"message,omitempty"`
}

// journal says how far the import of a folder has come.
type journal struct {
	Destination string   `json:"destination"`
	Files       []*entry `json:"files"`

	folder string
}

// ErrRunning is returned where another import runs with the same folder.
var ErrRunning = errors.New("another migratectl import runs with this folder; wait for its end")

// lock keeps a second import out of the folder, until the file is closed.
func lock(folder string) (*os.File, error) {
	file, err := os.Open(folder) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		return nil, fmt.Errorf("%s: %w", folder, ErrRunning)
	}
	return file, nil
}

// readJournal reads the journal, or begins one.
func readJournal(folder string, m *Manifest) (*journal, error) {
	j := &journal{Destination: m.Destination, folder: folder}
	path := filepath.Join(folder, journalName)
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(text, j); err != nil {
			return nil, fmt.Errorf("%s is damaged; compare the import jobs of the destination before you delete it", path)
		}
	}
	if j.Destination != m.Destination || len(j.Files) > 0 && len(j.Files) != len(m.Files) {
		return nil, fmt.Errorf("%s belongs to another export; export to another folder", path)
	}
	for i, file := range m.Files {
		switch {
		case i == len(j.Files):
			j.Files = append(j.Files, &entry{File: file.Name, SHA256: file.SHA256})
		case j.Files[i].File != file.Name || j.Files[i].SHA256 != file.SHA256:
			return nil, fmt.Errorf("%s belongs to another export; export to another folder", path)
		}
	}
	return j, nil
}

// save writes the journal to the disk.
func (j *journal) save() error {
	if err := writeJSON(j.folder, journalName, j); err != nil {
		return fmt.Errorf("the journal: %w", err)
	}
	return nil
}

// open reports whether a file is left for which a job must be created or started.
func (j *journal) open() bool {
	return slices.ContainsFunc(j.Files, func(e *entry) bool {
		return e.Step != stepStarted && e.Step != stepEnded && e.Step != stepExplained
	})
}
