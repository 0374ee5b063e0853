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

// reading is what a file is read with.
type reading struct {
	names     fields.Names
	passwords hashed.Passwords
	// vouch says whose word counts on contacts.
	vouch domain.VerifiedContacts
}

// Open reads the file that the settings name. The error says what is wrong with
// the file, entry by entry, and holds nothing of the people in it.
func Open(name string, settings Settings, options Options) (*Directory, error) {
	raw, err := os.ReadFile(settings.Path)
	if err != nil {
		return nil, err
	}
	with := reading{fields.NewNames(options.Mapped...), settings.Passwords, options.VerifiedContacts}
	read, err := readAs(raw, settings, with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Path, err)
	}
	options.Tell(read.notes()...)
	directory := &Directory{name: name, with: with, people: read}
	if settings.Retires() {
		directory.path = settings.Path
	}
	return directory, nil
}

// Read reads a file of people: a JSON array of entries, as Open does.
func Read(name string, from io.Reader) (*Directory, error) {
	raw, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	with := reading{names: fields.NewNames()}
	read, err := readAs(raw, Settings{}, with)
	if err != nil {
		return nil, err
	}
	return &Directory{name: name, with: with, people: read}, nil
}

func readAs(raw []byte, settings Settings, with reading) (*people, error) {
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

// faults gathers what is wrong with a file. Beyond a hundred they are counted:
// they say the same by then.
type faults struct {
	shown []error
	more  int
}

func (f *faults) add(place string, number int, err error) {
	const most = 100
	if len(f.shown) == most {
		f.more++
		return
	}
	f.shown = append(f.shown, fmt.Errorf("%s %d: %w", place, number, err))
}

func (f *faults) err() error {
	if f.more > 0 {
		f.shown = append(f.shown, fmt.Errorf("and %d more", f.more))
	}
	return errors.Join(f.shown...)
}

func newPeople(size int, with reading) (*people, error) {
	checker, err := hashed.NewChecker(with.passwords, "")
	return &people{
		list:    make([]hashed.Person, 0, size),
		byName:  make(map[string]int, size),
		vouch:   with.vouch,
		checker: checker,
	}, err
}

// take checks what every form has in common, and takes the person in.
func (p *people) take(one hashed.Person) error {
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

// complete is called when everyone is in.
func (p *people) complete(problems faults) (*people, error) {
	if err := problems.err(); err != nil {
		return nil, err
	}
	p.index()
	return p, nil
}

// index prepares the people to be looked up.
func (p *people) index() {
	p.byKey = make(map[string][]int, 2*len(p.list))
	shared := make(map[int]bool) // who shares a key with somebody
	for i, one := range p.list {
		for _, key := range one.User.Keys(p.vouch) {
			places := append(p.byKey[key], i)
			p.byKey[key] = places
			if len(places) > 1 {
				shared[i], shared[places[0]] = true, true
			}
		}
	}
	// Whoever is found by their address has a disputed username too.
	for i := range shared {
		user := &p.list[i].User
		if who, index := p.identify(user.Username); index == i {
			user.Disputed = who.User.Disputed
		}
	}
}
