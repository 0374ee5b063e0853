package domain

import (
	"crypto/hmac"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// CompletionKeys protect queue messages from forgery, and their contents from
// guessing: HMAC-SHA256 (RFC 2104) with a secret that both functions read. The
// current key signs. A signature by the previous key is also accepted, so the
// key can be rotated while messages are in the queue.
type CompletionKeys struct {
	current, previous Secret
}

// NewCompletionKeys returns the keys for the current secret and the previous
// one, which may be empty.
func NewCompletionKeys(current, previous Secret) CompletionKeys {
	return CompletionKeys{current: current, previous: previous}
}

// Labels ensure that a digest for one purpose is not valid for another.
const (
	labelMessage = "completion message"
	labelContact = "completion contact"
	labelProfile = "completion profile"
)

// Sign returns the signature of a message's body in hexadecimal.
func (k CompletionKeys) Sign(body []byte) string {
	return keyed(k.current, labelMessage, string(body))
}

// Signed reports whether one of the keys signed the body.
func (k CompletionKeys) Signed(body []byte, signature string) bool {
	return k.either(signature, labelMessage, string(body))
}

// contactDigests returns the digests of the verified contacts among the
// attributes. The attempt's ID is the salt, so digests of two messages cannot
// be joined.
func (k CompletionKeys) contactDigests(attempt string, attributes Attributes) []string {
	var digests []string
	for _, contact := range contactParts(attributes) {
		digests = append(digests, keyed(k.current, labelContact, attempt, contact))
	}
	return digests
}

// haveContacts reports whether the attributes contain every contact as a
// verified one.
func (k CompletionKeys) haveContacts(attempt string, digests []string, attributes Attributes) bool {
	contacts := contactParts(attributes)
	for _, digest := range digests {
		if !slices.ContainsFunc(contacts, func(contact string) bool { return k.either(digest, labelContact, attempt, contact) }) {
			return false
		}
	}
	return true
}

// haveAny reports whether the attributes contain one of the contacts as a
// verified one.
func (k CompletionKeys) haveAny(attempt string, digests []string, attributes Attributes) bool {
	return slices.ContainsFunc(contactParts(attributes), func(contact string) bool {
		return slices.ContainsFunc(digests, func(digest string) bool { return k.either(digest, labelContact, attempt, contact) })
	})
}

// contactParts returns the verified contacts in the form that is digested.
func contactParts(attributes Attributes) []string {
	var parts []string
	if attributes.hasVerifiedEmail() {
		parts = append(parts, attributeEmail+":"+lowerASCII(attributes[attributeEmail]))
	}
	if attributes.hasVerifiedPhone() {
		parts = append(parts, attributePhone+":"+attributes[attributePhone])
	}
	return parts
}

// profileDigest returns the digest of the user and the migrated attributes.
func (k CompletionKeys) profileDigest(attempt string, user SourceUser, moved Attributes) string {
	return keyed(k.current, profileParts(attempt, user, moved)...)
}

func (k CompletionKeys) isProfile(digest, attempt string, user SourceUser, moved Attributes) bool {
	return k.either(digest, profileParts(attempt, user, moved)...)
}

func profileParts(attempt string, user SourceUser, moved Attributes) []string {
	parts := []string{labelProfile, attempt, user.Username, subOf(user)}
	for _, name := range slices.Sorted(maps.Keys(moved)) {
		parts = append(parts, name, moved[name])
	}
	return parts
}

// either reports whether the digest is that of the parts with one of the keys.
func (k CompletionKeys) either(digest string, parts ...string) bool {
	for _, key := range []Secret{k.current, k.previous} {
		if !key.Empty() && hmac.Equal([]byte(digest), []byte(keyed(key, parts...))) {
			return true
		}
	}
	return false
}

// keyed returns the digest of the parts. Each part is preceded by its length, so
// different lists never have the same digest.
func keyed(key Secret, parts ...string) string {
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(strconv.Itoa(len(part)) + ":" + part)
	}
	return key.digest(text.String())
}
