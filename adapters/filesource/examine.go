package filesource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("file", examined) }

func examined(ctx context.Context, subject examine.Subject[*Settings]) []ports.Examined {
	e := examination{subject}
	return examine.Run(ctx,
		examine.One(ports.AspectReached, e.reached),
		[]examine.Step{{Aspect: ports.AspectLookUp, Question: e.lookUp}, {Aspect: ports.AspectHashes, Question: e.hashes}},
	)
}

// examination examines one file.
type examination struct{ examine.Subject[*Settings] }

func (e *examination) reached(context.Context) ports.Examined {
	variable := e.Variable("PATH")
	found, err := os.Stat(e.Settings.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return examine.Fail("the file does not exist on this machine", "correct "+variable+"; the image must have the file at the same path, or a mounted file system")
	case errors.Is(err, fs.ErrPermission):
		return examine.Fail("the file may not be read", "let the user of the function read the file")
	case err != nil:
		return examine.Fail("the file cannot be read", "check "+variable)
	case found.IsDir():
		return examine.Fail("the path is a directory", "set "+variable+" to the file of users")
	}
	file, err := os.Open(e.Settings.Path)
	if err != nil {
		return examine.Fail("the file may not be read", "let the user of the function read the file")
	}
	_ = file.Close()
	return examine.Pass(fmt.Sprintf("the file can be read (%d bytes)", found.Size()))
}

// open reads the file, and separates the faults of hashes from the others.
func (e *examination) open() (directory *Directory, hashes map[string]int, entries []string, others []error) {
	directory, err := Open(e.Options.Name, *e.Settings, hashed.OptionsOf(e.Options))
	hashes = make(map[string]int)
	for _, one := range parted(err) {
		if !errors.Is(one, passwordhash.ErrUnknownFormat) && !errors.Is(one, passwordhash.ErrOutOfBounds) {
			others = append(others, one)
			continue
		}
		entry, _, _ := strings.Cut(one.Error(), ":")
		entries = append(entries, entry)
		hashes[hashed.Unusable(one)]++
	}
	return directory, hashes, entries, others
}

// parted lists the faults of a file.
func parted(err error) []error {
	for ; err != nil; err = errors.Unwrap(err) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			return joined.Unwrap()
		}
		if errors.Unwrap(err) == nil {
			return []error{err}
		}
	}
	return nil
}

func (e *examination) lookUp(ctx context.Context) ports.Examined {
	directory, hashes, _, others := e.open()
	switch {
	case len(others) > 0:
		return examine.Fail(shown(others), "correct the file, or "+e.Variable("FORMAT")+": docs/file-source.md describes the formats")
	case len(hashes) > 0:
		return ports.Examined{Status: ports.ExaminedSkip, Because: ports.AspectHashes}
	}
	if len(directory.now().list) == 0 {
		return examine.Warn("the file has no user", "check "+e.Variable("PATH"))
	}
	finding, err := directory.FindUser(ctx, e.Probe.Username)
	if err != nil {
		return examine.Fail(err.Error(), "check the file")
	}
	return examine.Found(e.Probe, finding, e.Options.Rules, nil)
}

// shown lists the first faults of a file.
func shown(faults []error) string {
	const most = 3
	var texts []string
	for _, fault := range faults[:min(most, len(faults))] {
		texts = append(texts, fault.Error())
	}
	if more := len(faults) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

func (e *examination) hashes(ctx context.Context) ports.Examined {
	directory, hashes, entries, others := e.open()
	const most = 3
	switch {
	case len(hashes) > 0:
		var kinds []string
		for _, kind := range slices.Sorted(maps.Keys(hashes)) {
			kinds = append(kinds, fmt.Sprintf("%d %s", hashes[kind], kind))
		}
		where := strings.Join(entries[:min(most, len(entries))], ", ")
		if len(entries) > most {
			where += ", …"
		}
		return examine.Fail(fmt.Sprintf("hashes that cannot be verified, so the function does not start: %s (%s)", strings.Join(kinds, ", "), where),
			"remove these hashes or users from the file, or export them in a supported format: docs/password-hashes.md lists the formats")
	case len(others) > 0:
		return ports.Examined{Status: ports.ExaminedSkip, Because: ports.AspectLookUp}
	}
	settings := hashed.Settings{Passwords: e.Settings.Passwords}
	return settings.Examine(ctx, hashed.Listed(directory.Hashes(ctx)))
}
