package hashed

import (
	"context"
	"maps"
	"slices"
	"sync"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

// Checker verifies passwords against hashes so that the time it takes does not
// tell whose they are: whoever signs in, or nobody, costs what the dearest hash
// that was seen costs. Hashes of several families cannot be compared, so the
// dearest of each is computed.
type Checker struct {
	passwords Passwords

	mu sync.Mutex
	// seen is the most that hashes of a kind take.
	seen map[kind]int
	// only is the kind of the decoy where no hash was seen yet.
	only map[kind]int

	compute computer
}

// kind is what hashes have in common that cost the same but for their units: the
// family, and for how many forms of a password they are computed.
type kind struct {
	family string
	origin passwordhash.Origin
}

// computer is who computes.
type computer interface {
	verify(hash passwordhash.Hash, password string) bool
	spend(work passwordhash.Work, password string)
}

// NewChecker makes one. A decoy, where it is not empty, is a hash that every check
// costs at least; without one, a check costs [passwordhash.Decoy] until a hash was
// seen.
func NewChecker(passwords Passwords, decoy string) (*Checker, error) {
	c := &Checker{passwords: passwords, seen: make(map[kind]int), only: make(map[kind]int), compute: processor{}}
	if decoy != "" {
		_, err := c.Learn(decoy)
		return c, err
	}
	hash, err := passwordhash.Parse(passwordhash.Decoy)
	c.only[kindOf(hash)] = hash.Work().Units
	return c, err
}

func kindOf(hash passwordhash.Hash) kind {
	return kind{hash.Work().Family, hash.Origin()}
}

// Learn makes every check from now on take at least as long as this hash does. It
// returns the errors of [passwordhash.Parse].
func (c *Checker) Learn(encoded string) (passwordhash.Hash, error) {
	hash, err := passwordhash.Parse(encoded)
	if err != nil {
		return hash, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[kindOf(hash)] = max(c.seen[kindOf(hash)], hash.Work().Units)
	return hash, nil
}

// Check reports whether the password is the one that was hashed. Without a hash it
// is not, and neither is it where the hash cannot be used: then the error says
// why, and is one of [passwordhash.Parse]'s. All of these take the same time.
func (c *Checker) Check(ctx context.Context, encoded string, password domain.Password) (right bool, unusable error) {
	typed := password.Reveal()
	var hash passwordhash.Hash
	usable := false
	if encoded != "" {
		hash, unusable = c.Learn(encoded)
		usable = unusable == nil
	}
	if !passwordhash.Takes(typed) { // whoever it is
		return false, unusable
	}
	left := c.budget(typed)
	if usable {
		for _, candidate := range c.passwords.candidates(hash.Origin(), typed) {
			// The other is computed too where the first is right.
			right = c.compute.verify(hash, candidate) || right
			left[hash.Work().Family] -= hash.Work().Units
		}
	}
	for _, family := range slices.Sorted(maps.Keys(left)) {
		if left[family] > 0 && ctx.Err() == nil {
			c.compute.spend(passwordhash.Work{Family: family, Units: left[family]}, typed)
		}
	}
	return right, unusable
}

// budget is what a check of this password takes, by family.
func (c *Checker) budget(typed string) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := c.seen
	if len(kinds) == 0 {
		kinds = c.only
	}
	budget := make(map[string]int, len(kinds))
	for kind, units := range kinds {
		all := units * len(c.passwords.candidates(kind.origin, typed))
		budget[kind.family] = max(budget[kind.family], all)
	}
	return budget
}

// Tell has what every check computes from now on told, so that a test of a source
// can count it.
func (c *Checker) Tell(tell func(passwordhash.Work)) {
	c.compute = telling{c.compute, tell}
}

// telling tells what it has computed.
type telling struct {
	computer
	tell func(passwordhash.Work)
}

func (t telling) verify(hash passwordhash.Hash, password string) bool {
	defer t.tell(hash.Work())
	return t.computer.verify(hash, password)
}

func (t telling) spend(work passwordhash.Work, password string) {
	defer t.tell(work)
	t.computer.spend(work, password)
}

// processor computes in this process.
type processor struct{}

func (processor) verify(hash passwordhash.Hash, password string) bool { return hash.Verify(password) }

func (processor) spend(work passwordhash.Work, password string) { work.Spend(password) }
