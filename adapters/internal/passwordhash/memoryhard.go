package passwordhash

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/openwall/yescrypt-go"
	"golang.org/x/crypto/scrypt"
)

// readYescrypt reads $y$, three characters of parameters, $salt$hash: the
// default of crypt(3) on current Linux systems.
func readYescrypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 || len(parts[2]) != 3 || parts[2][0] != 'j' || !isCrypt64Bytes(parts[3]) || !isCrypt64(parts[4], 43) {
		return parsed{}, ErrUnknownFormat
	}
	ln, r := strings.IndexByte(crypt64, parts[2][1])+1, strings.IndexByte(crypt64, parts[2][2])+1
	if ln == 0 || r == 0 {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("yescrypt", "N, as a power of two,", ln, 10, 18); err != nil {
		return parsed{}, err
	}
	if err := within("yescrypt", "r", r, 1, 32); err != nil {
		return parsed{}, err
	}
	if err := scryptMemory("yescrypt", ln, r, 1); err != nil {
		return parsed{}, err
	}
	return parsed{work: Work{familyYescrypt + parts[2][2:], 1 << ln}, verify: func(password string) (bool, error) {
		computed, err := yescrypt.Hash([]byte(password), []byte(encoded))
		if err != nil {
			return false, ErrUnknownFormat
		}
		return same(computed, []byte(encoded)), nil
	}}, nil
}

// isCrypt64Bytes reports whether a salt in crypt(3)'s characters has a valid
// length and encodes whole bytes.
func isCrypt64Bytes(salt string) bool {
	if len(salt) > 86 || strings.Trim(salt, crypt64) != "" {
		return false
	}
	switch last := len(salt) - 1; len(salt) % 4 {
	case 1:
		return false
	case 2: // 12 bits for 8
		return strings.IndexByte(crypt64, salt[last]) < 4
	case 3: // 18 bits for 16
		return strings.IndexByte(crypt64, salt[last]) < 16
	default:
		return true
	}
}

// Firebase are the hash parameters of a Firebase Authentication project, as its
// console shows them. Key and separator are in Base64.
type Firebase struct {
	SignerKey, SaltSeparator string
	Rounds, MemCost          int
}

// Encode returns one hash in Supabase's form from a user's salt and hash
// (Base64, as in the export) and the project's parameters.
func (f Firebase) Encode(salt, hash string) string {
	standard := strings.NewReplacer("-", "+", "_", "/")
	return fmt.Sprintf("$fbscrypt$v=1,n=%d,r=%d,p=1,ss=%s,sk=%s$%s$%s", f.MemCost, f.Rounds,
		standard.Replace(f.SaltSeparator), standard.Replace(f.SignerKey), standard.Replace(salt), standard.Replace(hash))
}

// Firebase's own bounds.
const (
	maxFirebaseMemCost = 14
	maxFirebaseRounds  = 8
)

// readFirebase reads $fbscrypt$v=1,n=,r=,p=1,ss=,sk=$salt$hash. Firebase
// derives a key from the password by scrypt, and encrypts the project's signer
// key with it. The result is the hash.
func readFirebase(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return parsed{}, ErrUnknownFormat
	}
	cost, keys, found := strings.Cut(parts[2], ",ss=")
	separator, signer, signed := strings.Cut(keys, ",sk=")
	var ln, r int
	_, err := fmt.Sscanf(cost, "v=1,n=%d,r=%d,p=1", &ln, &r)
	if !found || !signed || err != nil || fmt.Sprintf("v=1,n=%d,r=%d,p=1", ln, r) != cost {
		return parsed{}, ErrUnknownFormat
	}
	var raw [4][]byte
	for i, text := range []string{parts[3], separator, signer, parts[4]} {
		if raw[i], err = base64.StdEncoding.Strict().DecodeString(text); err != nil {
			return parsed{}, ErrUnknownFormat
		}
	}
	salt, key, hash := append(raw[0], raw[1]...), raw[2], raw[3]
	if len(raw[0]) == 0 || len(key) != len(hash) {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("Firebase scrypt", "mem_cost", ln, 1, maxFirebaseMemCost); err != nil {
		return parsed{}, err
	}
	if err := within("Firebase scrypt", "rounds", r, 1, maxFirebaseRounds); err != nil {
		return parsed{}, err
	}
	if err := hashLength("Firebase scrypt", hash); err != nil {
		return parsed{}, err
	}
	return parsed{work: scryptWork(ln, r, 1), verify: func(password string) (bool, error) {
		derived, err := scrypt.Key([]byte(password), salt, 1<<ln, r, 1, 32)
		if err != nil {
			return false, ErrUnknownFormat
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return false, ErrUnknownFormat
		}
		computed := make([]byte, len(key))
		cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(computed, key) //nolint:gosec // Firebase counts from zero; each key is used once
		return same(computed, hash), nil
	}}, nil
}
