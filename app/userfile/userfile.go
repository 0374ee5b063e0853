// Package userfile writes files that hold data of users. A file is written whole or
// not at all, only its owner can read it, and no cell of a CSV file is a formula. It
// imports the standard library.
package userfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces a file by what write writes, with mode 0600. After an error the
// earlier file is unchanged. Without an error the new one is on the disk. A path that
// names a device or a pipe is written to as it is.
func Write(path string, write func(io.Writer) error) error {
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return writeTo(path, os.O_WRONLY, write)
	case err == nil:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	temporary := path + ".tmp"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeTo(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, write); err != nil {
		_ = os.Remove(temporary) // the next call removes it, too
		if fault, ok := errors.AsType[*fs.PathError](err); ok {
			fault.Path = path // the one that the operator gave
		}
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func writeTo(path string, flags int, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, flags, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(file)
	err = write(buffer)
	steps := []func() error{buffer.Flush, file.Sync}
	if flags&os.O_CREATE == 0 {
		steps = steps[:1] // a device cannot be synchronized
	}
	for _, step := range steps {
		if err == nil {
			err = step()
		}
	}
	return errors.Join(err, file.Close())
}

// syncFolder keeps renames over a power failure.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	err = folder.Sync()
	_ = folder.Close() // nothing was written
	return err
}

// IsFormula reports whether a spreadsheet would run a cell as a formula ("CSV
// Injection", OWASP). Usernames are chosen by users, so such a cell gets an apostrophe
// in front. So does a cell that begins with one, so that a program can remove it. A
// phone number is no formula.
func IsFormula(cell string) bool {
	if cell == "" || strings.IndexByte("=+-@\t\r\n'", cell[0]) < 0 {
		return false
	}
	isPhone := cell[0] == '+' && len(cell) > 1 && strings.Trim(cell[1:], "0123456789") == ""
	return !isPhone
}
