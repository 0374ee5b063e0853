package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
)

// CompletionKeys keep what travels in the queue from being forged, and from being
// guessed: HMAC-SHA256 (RFC 2104) under a secret that both functions read. The
// current key signs; a message is also taken that the previous one signed, so
// that the key can be rotated while messages are under way.
type CompletionKeys struct {
	current, previous Secret
}

// NewCompletionKeys makes them of the current key and the one before it, which is
// empty where there is none.
func NewCompletionKeys(current, previous Secret) CompletionKeys {
	return CompletionKeys{current: current, previous: previous}
}

// The labels keep what is digested for one purpose from being taken for another.
const (
	labelMessage = "completion message"
	labelContact = "completion contact"
	labelProfile = "completion profile"
)

// Sign gives the signature of a message's body, in hexadecimal.
func (k CompletionKeys) Sign(body []byte) string {
	return keyed(k.current, labelMessage, string(body))
}

// Signed reports whether one of the keys signed the body.
func (k CompletionKeys) Signed(body []byte, signature string) bool {
	return k.either(signature, labelMessage, string(body))
}

// contactDigests are those of the verified contacts among the attributes. The
// attempt's ID salts them, so that digests of two messages cannot be joined.
func (k CompletionKeys) contactDigests(attempt string, attributes Attributes) []string {
	var digests []string
	for _, contact := range contactParts(attributes) {
		digests = append(digests, keyed(k.current, labelContact, attempt, contact))
	}
	return digests
}

// haveContacts reports whether the attributes have every contact, verified.
func (k CompletionKeys) haveContacts(attempt string, digests []string, attributes Attributes) bool {
	contacts := contactParts(attributes)
	for _, digest := range digests {
		if !slices.ContainsFunc(contacts, func(contact string) bool { return k.either(digest, labelContact, attempt, contact) }) {
			return false
		}
	}
	return true
}

// haveAny reports whether the attributes have one of the contacts, verified.
func (k CompletionKeys) haveAny(attempt string, digests []string, attributes Attributes) bool {
	return slices.ContainsFunc(contactParts(attributes), func(contact string) bool {
		return slices.ContainsFunc(digests, func(digest string) bool { return k.either(digest, labelContact, attempt, contact) })
	})
}

// contactParts are the verified contacts, as they are digested.
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

// profileDigest is that of who was moved, and with what.
func (k CompletionKeys) profileDigest(attempt string, user SourceUser, moved Attributes) string {
	return keyed(k.current, profileParts(attempt, user, moved)...)
}

func (k CompletionKeys) isProfile(digest, attempt string, user SourceUser, moved Attributes) bool {
	return k.either(digest, profileParts(attempt, user, moved)...)
}

func profileParts(attempt string, user SourceUser, moved Attributes) []string {
	names := make([]string, 0, len(moved))
	for name := range moved {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, 0, 2*len(names)+4)
	parts = append(parts, labelProfile, attempt, user.Username, subOf(user))
	for _, name := range names {
		parts = append(parts, name, moved[name])
	}
	return parts
}

// either reports whether the digest is that of the parts under one of the keys.
func (k CompletionKeys) either(digest string, parts ...string) bool {
	for _, key := range []Secret{k.current, k.previous} {
		if !key.Empty() && hmac.Equal([]byte(digest), []byte(keyed(key, parts...))) {
			return true
		}
	}
	return false
}

// keyed is HMAC-SHA256 over the parts, each with its length before it, so that no
// two lists of parts read the same.
func keyed(key Secret, parts ...string) string {
	hash := hmac.New(sha256.New, []byte(key.Reveal()))
	for _, part := range parts {
		_, _ = io.WriteString(hash, strconv.Itoa(len(part))+":"+part) // a hash takes everything
	}
	return hex.EncodeToString(hash.Sum(nil))
}
