package passwordhash

import (
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

// The steps that fill up the time of a hash add up to its units. No step needs more
// memory or time than the bounds of a hash allow.
func TestTheStepsOfWorkAddUp(t *testing.T) {
	t.Parallel()
	least := map[string]int{ // what a family cannot compute less than
		"bcrypt": 1 << 4, "phpass": 1 << 7, "drupal7": 1 << 7, "scrypt": 1 << 4, "yescrypt-5": 1 << 10, "yescrypt-T": 1 << 10,
		"sha2crypt-5": 1, "sha2crypt-6": 1, "pbkdf2-sha1": 1, "pbkdf2-sha256": 1, "pbkdf2-sha512": 1, "md5crypt": 1, "salted": 1,
		"argon2id,p=1": 1, "argon2i,p=4": 1,
	}
	most := map[string]int{
		"bcrypt": 1 << maxBcryptCost, "phpass": 1 << maxLog2Rounds, "drupal7": 1 << maxLog2Rounds, "scrypt": 1 << 20, "yescrypt-5": 1 << 17, "yescrypt-T": 1 << 15,
		"sha2crypt-5": maxSHA2Rounds, "sha2crypt-6": maxSHA2Rounds, "pbkdf2-sha1": maxPBKDF2Rounds, "pbkdf2-sha256": maxPBKDF2Rounds, "pbkdf2-sha512": maxPBKDF2Rounds,
		"md5crypt": 1, "salted": 1, "argon2id,p=1": maxMemory >> 10, "argon2i,p=4": maxMemory >> 10,
	}
	for family, least := range least {
		for _, units := range []int{0, -1, 1, least, least + 1, 3 * least, 1000 * least, most[family], most[family] - least, 2 * most[family], 2*most[family] + least} {
			if units > 5*most[family] {
				continue
			}
			sum := 0
			for _, step := range (Work{family, units}).steps() {
				sum += step.units
				if step.units > most[family] || step.units < 1 {
					t.Errorf("%s: a step of %d takes %d", family, units, step.units)
				}
			}
			if sum > max(units, 0) || units-sum >= least && units > 0 {
				t.Errorf("%s: the steps of %d add up to %d", family, units, sum)
			}
		}
	}
}

// Every form gives a work of a family that can be spent.
func TestEveryFormsWorkCanBeSpent(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		"$2b$04$" + zeros(53), "$wp$2y$04$" + zeros(53), "bcrypt_sha256$$2b$04$" + zeros(53), "$bcrypt-sha256$v=2,t=2b,r=4$" + zeros(22) + "$" + zeros(31),
		"$P$5" + zeros(30), "$H$5" + zeros(30), "$S$5" + zeros(51), "U$S$5" + zeros(51), "$1$salt$" + zeros(22),
		"$5$rounds=1000$salt$" + zeros(43), "$6$rounds=1000$salt$" + zeros(86), "$y$j75$" + zeros(16) + "$" + zeros(43),
		"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$" + strings.Repeat("A", 43), "$argon2i$v=19$m=32,t=1,p=4$AAAAAAAAAAA$" + strings.Repeat("A", 43),
		strings.Repeat("a", 64) + ":salt:3_32_2_67108", strings.Repeat("a", 64) + ":salt:2", strings.Repeat("a", 64) + ":salt:1",
		"scrypt:16:8:1$salt$" + strings.Repeat("a", 128), "pbkdf2:sha512:10$salt$" + strings.Repeat("a", 128), "pbkdf2:sha384:10$salt$" + strings.Repeat("a", 96), "{SSHA}" + strings.Repeat("A", 32),
	} {
		parsed, err := Parse(hash)
		if err != nil {
			t.Errorf("%s: %v", hash, err)
			continue
		}
		steps := parsed.Work().steps()
		if len(steps) == 0 || parsed.Work().Units <= 0 {
			t.Errorf("%s: nothing is computed for %v", hash, parsed.Work())
		}
		parsed.Work().Spend("a password")
		if parsed.Verify("a password") {
			t.Errorf("%s: a password is right by chance", hash)
		}
	}
}

// libsodium's argon2id takes a salt of 16 bytes: Magento cuts or repeats its own
// (Magento\Framework\Encryption\Encryptor, getArgonHash). No vector is published.
func TestMagentosSaltIsCutOrRepeated(t *testing.T) {
	t.Parallel()
	for salt, used := range map[string]string{"somesalt": "somesaltsomesalt", "salty": "saltysaltysaltys", "0123456789abcdefghij": "0123456789abcdef"} {
		key := argon2.IDKey([]byte("it's me"), []byte(used), 2, 64, 1, 32)
		hash := hex.EncodeToString(key) + ":" + salt + ":3_32_2_65536"
		for password, want := range map[string]bool{"it's me": true, "it's m": false} {
			if right, err := Verify(hash, password); err != nil || right != want {
				t.Errorf("%s, %q: %t, %v", salt, password, right, err)
			}
		}
	}
}

// Python's hashlib made the hashes: Spring's own rounds are fixed, and take a second
// for each password.
func TestTheFormsOfSpringWithFewRounds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		digest         string
		salt           int
		password, text string
	}{
		{"sha1", 8, "password", "5d923b44a6d129f328308164287a78df4ff55e48d8e7c207deff0dc2bde4ba2a6ab0cc62ac4a77b0"},
		{"sha256", 16, "it's me", "000102030405060708090a0b0c0d0e0ffe614ee32ccaf314a372f7f86b25365c3bd65e6776e93574a68414f9d8a19e32"},
	} {
		hash, err := readSpringPBKDF2(row.digest, "10", row.salt, row.text)
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{
			row.password: true, row.password + "x": false, " " + row.password: false,
			row.password[1:]: false, row.password + "\x00": false, "": false,
		} {
			if right := Hash(hash).Verify(password); right != want {
				t.Errorf("%s, %q: %t, want %t", row.digest, password, right, want)
			}
		}
	}
}
