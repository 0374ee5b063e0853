package hashed

import (
	"context"
	"maps"
	"slices"
	"sync"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
)

// Checker verifies passwords against hashes in constant time: the time does not
// depend on the user, or on whether the user exists. Every check takes as long
// as the slowest hash that was seen. Hashes of different families cannot be
// compared, so it computes the slowest of each family.
type Checker struct {
	passwords Passwords

	mu sync.Mutex
	// seen has the largest cost of each kind of hash.
	seen map[kind]int
	// only is the kind of the decoy; it is used until the first hash is seen.
	only map[kind]int

	compute computer
}

// kind identifies hashes whose cost differs only in the number of units: the
// family, and the number of password forms that are computed.
type kind struct {
	family string
	origin passwordhash.Origin
}

// computer computes hashes.
type computer interface {
	verify(hash passwordhash.Hash, password string) bool
	spend(work passwordhash.Work, password string)
}

// NewChecker returns a Checker. Every check costs at least as much as the
// decoy, if that is not empty. Otherwise a check costs [passwordhash.Decoy]
// until the first hash is seen.
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

// Learn makes every later check take at least as long as this hash. It returns
// the errors of [passwordhash.Parse].
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

// Check reports whether the password matches the hash. An empty hash never
// matches. A hash that cannot be used never matches either, and the error is
// one of [passwordhash.Parse]'s. All cases take the same time.
func (c *Checker) Check(ctx context.Context, encoded string, password domain.Password) (right bool, unusable error) {
	typed := password.Reveal()
	var hash passwordhash.Hash
	usable := false
	if encoded != "" {
		hash, unusable = c.Learn(encoded)
		usable = unusable == nil
	}
	if !passwordhash.Takes(typed) { // independent of the user
		return false, unusable
	}
	left := c.budget(typed)
	if usable {
		for _, candidate := range c.passwords.candidates(hash.Origin(), typed) {
			// The second form is computed even if the first one matched.
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

// budget returns the cost of a check of this password, by family.
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

// CountHashes counts the units of every later computation by family, for the
// tests of a source.
func (c *Checker) CountHashes() (units func() map[string]int) {
	var mu sync.Mutex
	counted := make(map[string]int)
	c.compute = telling{c.compute, func(w passwordhash.Work) {
		mu.Lock()
		defer mu.Unlock()
		counted[w.Family] += w.Units
	}}
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(counted)
	}
}

// telling reports what it computed.
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
