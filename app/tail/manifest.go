// Package tail moves the users who never signed in: it exports them to the files of
// Cognito's user import job, and imports the files.
package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"cognito-user-migration/app/userfile"
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

// writeJSON replaces a file of the folder.
func writeJSON(folder, name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return full(userfile.Write(filepath.Join(folder, name), func(to io.Writer) error {
		_, err := to.Write(append(text, '\n'))
		return err
	}))
}

// full turns the system's error of a full disk into ours.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	return err
}
