// Package tail moves the users who never signed in: it exports them to the files of
// Cognito's user import job, and imports the files.
package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The names of files in the folder of an export.
const (
	manifestName = "export.json"
	leftOutName  = "left-out.csv"
	journalName  = "import-journal.json"
)

// Manifest describes a finished export. It is the last file that an export writes.
type Manifest struct {
	// Destination is the user pool's ID, and Header the columns that its import
	// files had.
	Destination string    `json:"destination"`
	Header      []string  `json:"header"`
	ScannedAt   time.Time `json:"scannedAt"`
	Files       []File    `json:"files"`
}

// File is one file for an import job.
type File struct {
	Name string `json:"name"`
	// Lines names the file that says which user each line is.
	Lines string `json:"lines"`
	Rows  int    `json:"rows"`
	Bytes int64  `json:"bytes"`
	// SHA256 is that of the file, as hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Algorithm is that of the password hashes; empty for a file without hashes.
	Algorithm string `json:"algorithm,omitempty"`
}

// Errors of the folder of an export, matched by errors.Is.
var (
	// ErrNoExport: the folder has no finished export.
	ErrNoExport = errors.New("the folder has no finished export; make one with migratectl export")
	// ErrDiskFull: nothing more can be written.
	ErrDiskFull = errors.New("the disk is full; free space and run the same command again")
	// ErrInUse: the folder has an export already.
	ErrInUse = errors.New("the folder has an export already; give another --out, or delete the folder")
)

// readManifest reads the manifest of a finished export.
func readManifest(folder string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestName)) //nolint:gosec // the operator names the folder
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", folder, ErrNoExport)
	case err != nil:
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil || m.Destination == "" || len(m.Header) == 0 {
		return nil, fmt.Errorf("%s is damaged; export again", filepath.Join(folder, manifestName))
	}
	for _, file := range m.Files {
		if filepath.Base(file.Name) != file.Name || filepath.Base(file.Lines) != file.Lines {
			return nil, fmt.Errorf("%s names files outside of its folder; export again", filepath.Join(folder, manifestName))
		}
	}
	return &m, nil
}

// writeAtomically replaces a file by a whole new one with mode 0600, or leaves it as
// it was. What it returns without an error for is on the disk.
func writeAtomically(folder, name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, name)
	file, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return full(err)
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	return full(err)
}

// syncFolder makes renames last.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	err = folder.Sync()
	_ = folder.Close() // nothing was written
	return err
}

// full turns the system's error of a full disk into ours.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	return err
}
