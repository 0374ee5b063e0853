package hashed

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// MostSampled is how many hashes of a source are sampled.
const MostSampled = 500

// Examine counts a sample of hashes by format, and measures what one sign-in
// computes.
func (s *Settings) Examine(ctx context.Context, sample iter.Seq2[string, error]) ports.Examined {
	checker, err := s.Checker()
	if err != nil {
		return examine.Fail("the decoy cannot be used", "correct DECOY")
	}
	usable, unusable := make(map[string]int), make(map[string]int)
	total := 0
	for encoded, err := range sample {
		if err != nil {
			return examine.Warn("the hashes could not be listed: "+err.Error(), "see the other checks of this source; doctor needs the permission to list users for this check only")
		}
		total++
		hash, err := checker.Learn(encoded)
		if err != nil {
			unusable[Unusable(err)]++
		} else {
			usable[formatOf(hash.Work())]++
		}
		if total == MostSampled {
			break
		}
	}
	if total == 0 {
		return examine.Warn("no user of the sample has a password hash", "check which column or field is password_hash; users without a hash are refused")
	}
	started := time.Now()
	_, _ = checker.Check(ctx, "", domain.NewPassword("-"+rand.Text())) // the time of every sign-in
	cost := time.Since(started)
	saw := fmt.Sprintf("%d hashes sampled: %s", total, strings.Join(append(counted(unusable), counted(usable)...), ", "))
	found := examine.Pass(saw)
	const remedy = "users with these hashes are refused until they reset their password: docs/password-hashes.md lists the supported formats; check that the field holds the whole hash"
	switch {
	case len(usable) == 0:
		found = examine.Fail(saw, remedy)
	case len(unusable) > 0:
		found = examine.Warn(saw, remedy)
	}
	found.Cost = cost
	return found
}

// Listed returns the hashes of a listing.
func Listed(users iter.Seq2[ports.UserHash, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for user, err := range users {
			if !yield(user.Hash.Reveal(), err) || err != nil {
				return
			}
		}
	}
}

// Unusable names the problem of a hash, without anything of the hash.
func Unusable(err error) string {
	text, _, _ := strings.Cut(err.Error(), "; docs/")
	for _, before := range []string{"it looks like ", passwordhash.ErrOutOfBounds.Error() + ": "} {
		if _, what, found := strings.Cut(text, before); found {
			return "unsupported: " + what
		}
	}
	return "of an unknown format"
}

// formatOf names the format of a hash, with the cost if it is one number.
func formatOf(work passwordhash.Work) string {
	family, more, _ := strings.Cut(work.Family, "-")
	switch family {
	case "bcrypt":
		return fmt.Sprintf("bcrypt (cost %d)", bits.Len(uint(work.Units))-1)
	case "pbkdf2":
		return fmt.Sprintf("PBKDF2-%s (%d rounds)", strings.ToUpper(more), work.Units)
	case "sha2crypt":
		return map[string]string{"5": "SHA-256 crypt", "6": "SHA-512 crypt"}[more]
	case "md5crypt":
		return "MD5 crypt"
	case "salted":
		return "salted digest"
	default: // argon2id,p=1, yescrypt, scrypt, phpass, drupal7
		name, _, _ := strings.Cut(family, ",")
		return name
	}
}

// counted lists numbers by name, the largest first.
func counted(numbers map[string]int) []string {
	names := slices.Sorted(maps.Keys(numbers))
	slices.SortStableFunc(names, func(a, b string) int { return numbers[b] - numbers[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", numbers[name], name)
	}
	return names
}
