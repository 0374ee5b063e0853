package filesource

import (
	"errors"
	"fmt"
	"io"
	"os"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
)

// reading has the options for reading a file.
type reading struct {
	names fields.Names
	// checker learns every hash of the file.
	checker *hashed.Checker
	// vouch says whether the source's or our own verification of contacts
	// counts.
	vouch domain.VerifiedContacts
}

// Open reads the file that the settings name. The error describes every faulty
// entry, and contains nothing about its user.
func Open(name string, settings Settings, options Options) (*Directory, error) {
	raw, err := os.ReadFile(settings.Path)
	if err != nil {
		return nil, err
	}
	checker, err := hashed.NewChecker(settings.Passwords, "")
	if err != nil {
		return nil, err
	}
	with := reading{fields.NewNames(options.Mapped...), checker, options.VerifiedContacts}
	read, err := readAs(raw, settings, with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Path, err)
	}
	options.Tell(read.notes()...)
	directory := newDirectory(name, with, read)
	if settings.Retires() {
		directory.path = settings.Path
	}
	return directory, nil
}

// Read reads a JSON array of users, as Open does.
func Read(name string, from io.Reader) (*Directory, error) {
	raw, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	checker, err := hashed.NewChecker(hashed.Passwords{}, "")
	if err != nil {
		return nil, err
	}
	with := reading{names: fields.NewNames(), checker: checker}
	read, err := readAs(raw, Settings{}, with)
	if err != nil {
		return nil, err
	}
	return newDirectory(name, with, read), nil
}

func readAs(raw []byte, settings Settings, with reading) (*snapshot, error) {
	text, err := utf8Text(raw)
	if err != nil {
		return nil, err
	}
	switch settings.Format {
	case FormatCSV:
		return readCSV(text, with)
	case FormatFirebase:
		return readFirebase(text, with, settings.firebase())
	case FormatJSON, "":
		return readJSON(text, with)
	default:
		return nil, fmt.Errorf("unknown file format")
	}
}

// faults collects the errors of a file. After a hundred, it only counts them.
type faults struct {
	shown []error
	more  int
}

func (f *faults) add(kind string, number int, err error) {
	const most = 100
	if len(f.shown) == most {
		f.more++
		return
	}
	f.shown = append(f.shown, fmt.Errorf("%s %d: %w", kind, number, err))
}

func (f *faults) err() error {
	if f.more > 0 {
		f.shown = append(f.shown, fmt.Errorf("and %d more", f.more))
	}
	return errors.Join(f.shown...)
}

func newSnapshot(size int, with reading) *snapshot {
	return &snapshot{list: make([]hashed.Entry, 0, size), byName: make(map[string]int, size), reading: with}
}

// take checks what all formats have in common, and adds the user.
func (p *snapshot) take(one hashed.Entry) error {
	if one.User.Username == "" {
		return errors.New("username: is required")
	}
	if one.User.Status == "" {
		one.User.Status = domain.StatusConfirmed
	}
	if one.Hash != "" {
		if _, err := p.checker.Learn(one.Hash); err != nil {
			return fmt.Errorf("password_hash: %w", err)
		}
	}
	if _, twice := p.byName[one.User.Username]; twice {
		return errors.New("username: an earlier entry has the same username")
	}
	one.User.Sub = one.User.Attributes["sub"]
	one.User.GroupsKnown = true
	p.byName[one.User.Username] = len(p.list)
	p.list = append(p.list, one)
	return nil
}

// complete is called after the last user.
func (p *snapshot) complete(problems faults) (*snapshot, error) {
	if err := problems.err(); err != nil {
		return nil, err
	}
	p.index()
	return p, nil
}

// index builds the indexes for looking up users.
func (p *snapshot) index() {
	p.byKey = make(map[string][]int, 2*len(p.list))
	shared := make(map[int]bool) // users that share a key with another user
	for i, one := range p.list {
		for _, key := range one.User.Keys(p.vouch) {
			indexes := append(p.byKey[key], i)
			p.byKey[key] = indexes
			if len(indexes) > 1 {
				shared[i], shared[indexes[0]] = true, true
			}
		}
	}
	// A listing does not look users up, and says whose username is disputed.
	for i := range shared {
		user := &p.list[i].User
		if who := domain.Identify(user.Username, hashed.Users(p.find(user.Username)), p.vouch); who.User.Username == user.Username {
			user.Disputed = who.User.Disputed
		}
	}
}
