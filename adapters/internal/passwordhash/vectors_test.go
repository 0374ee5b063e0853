package passwordhash_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/passwordhash"
)

// published are public test vectors of every form, each with where it comes
// from: a repository and a path in it, or a document.
var published = []struct{ origin, password, hash string }{
	// --- crypt(3) --------------------------------------------------------------------------
	{"passlib, tests/test_handlers.py, md5_crypt", "U*U*U*U*", "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1"},
	{"passlib, tests/test_handlers.py, md5_crypt", "4lpHa N|_|M3r1K W/ Cur5Es: #$%(*)(*%#", "$1$jQS7o98J$V6iTcr71CGgwW2laf17pi1"},
	{"Drepper, SHA-crypt.txt", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"Drepper, SHA-crypt.txt", "Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"},
	{"Drepper, SHA-crypt.txt", "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"Drepper, SHA-crypt.txt", "This is just a test", "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0"},
	{"openwall/yescrypt-go, yescrypt_test.go", "test1", "$y$j75$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC"},
	{"openwall/yescrypt-go, yescrypt_test.go", "test5", "$y$j9T$fqIAg4Vpv9o1MKgWMnyax.$BxkUx27fLJlPOfyIfNEBPzjrDQ95LXKgN5OJii3GL7."},
	{"openwall/yescrypt-go, example_test.go", "openwall", "$y$j9T$AAt9R641xPvCI9nXw1HHW/$cuQRBMN3N/f8IcmVN.4YrZ1bHMOiLOoz9/XQMKV/v0A"},
	{"openwall/yescrypt-go, yescrypt_test.go", "salt length 0", "$y$j7.$$cmp7v9bzgyAhctAaiyqG56MBYN2IYzfI5LvybJCKacD"},
	{"openwall/yescrypt-go, yescrypt_test.go", "salt length 3", "$y$j7.$///$uo0SD4Xn0Bn1leZVH50teLu3Rje5GAIA.BKYA/jL3/C"},
	// --- PHP -------------------------------------------------------------------------------
	{"Openwall phpass, test.php", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"},
	{"hashcat, example hashes, mode 7900", "hashcat", "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf"},
	{"seanmorris/php-wasm, demo-web/scripts/build-wordpress-demo.sh (WordPress 7.1's admin)", "admin", "$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES"},
	// --- scrypt and PBKDF2 as passlib writes them ------------------------------------------
	{"passlib, tests/test_handlers_scrypt.py (RFC 7914)", "password", "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"},
	{"passlib, tests/test_handlers_scrypt.py (RFC 7914)", "pleaseletmein", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"},
	{"passlib's documentation, passlib.hash.pbkdf2_sha256", "password", "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M"},
	{"passlib, tests/test_handlers.py, ldap_pbkdf2_sha1", "password", "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI"},
	{"passlib, tests/test_handlers.py, ldap_pbkdf2_sha512", "password", "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww"},
	{"zitadel/passwap, internal/testvalues/pbkdf2.go", "password", "$pbkdf2-sha256$12$cmFuZG9tc2FsdGlzaGFyZA==$OFvEcLOIPFd/oq8egf10i+qJLI7A8nDjPLnolCWarQY="},
	// --- Firebase --------------------------------------------------------------------------
	{"firebase/scrypt, README.md", "user1password", firebaseProject.Encode("42xEC+ixf3L2lw==", "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==")},
	{"firebase/scrypt, README.md, as the API has it", "user1password", firebaseProject.Encode("42xEC-ixf3L2lw==", "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==")},
	{"supabase/auth, internal/crypto/password_test.go", "mytestpassword", "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=="},
	// --- Django ----------------------------------------------------------------------------
	// --- LDAP ------------------------------------------------------------------------------
	{"passlib, tests/test_handlers.py, ldap_salted_sha1", "testing123", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"},
	{"passlib, tests/test_handlers.py, ldap_salted_sha1, 16 bytes of salt", "test", "{SSHA}Pfx6Vf48AT9x3FVv8znbo8WQkEVSipHSWovxXmvNWUvp/d/7"},
	{"passlib, tests/test_handlers.py, ldap_salted_sha256", "letmèïn", "{SSHA256}km7UjUTBZN8a+gf1ND2/qn15N7LsO/jmGYJXvyTfJKAbI0RoLWWslQ=="},
	{"passlib, tests/test_handlers.py, ldap_salted_sha512", "toomanysecrets", "{SSHA512}wExp4xjiCHS0zidJDC4UJq9EEeIebAQPJ1PWSwfhxWjfutI9XiiKuHm2AE41cEFfK+8HyI8bh+ztbczUGsvVFIgICWWPt7qu"},
	// --- ASP.NET Identity ------------------------------------------------------------------
	{"dotnet/aspnetcore, PasswordHasherTest.cs: 2, SHA-1", "my password", "ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A=="},
	{"dotnet/aspnetcore, PasswordHasherTest.cs: 2, SHA-1", "my password", "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg=="},
	{"dotnet/aspnetcore, PasswordHasherTest.cs: 3, SHA-1", "my password", "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M"},
	{"django/django, tests/auth_tests/test_hashers.py, argon2", "secret", "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q"},
	// --- behind a prefix -------------------------------------------------------------------
	{"Spring Security Reference, Password Storage, bcrypt", "password", "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG"},
	{"Spring Security Reference, Password Storage, scrypt", "password", "{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc="},
	{"crypt_blowfish behind Django's name", "U*U", "bcrypt$$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"crypt_blowfish behind a name", "U*U", "bcrypt$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"openwall/yescrypt-go, yescrypt_test.go, behind a name", "test1", "{YESCRYPT}$y$j75$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC"},
	{"crypt_blowfish behind Dovecot's", "U*U", "{BLF-CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"crypt_blowfish behind LDAP's", "U*U", "{CRYPT}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"Drepper, SHA-crypt.txt, behind LDAP's", "Hello world!", "{crypt}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"Drepper, SHA-crypt.txt, behind Dovecot's", "Hello world!", "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"passlib, ldap_salted_sha1, behind Spring's", "testing123", "{ldap}{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"},
	{"passlib, ldap_pbkdf2_sha1, as OpenLDAP's pw-pbkdf2 writes it", "password", "{PBKDF2}1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI"},
	{"passlib, ldap_pbkdf2_sha512, as OpenLDAP's pw-pbkdf2 writes it", "password", "{PBKDF2-SHA512}1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww"},
	// --- no vector is published for these: they were made by Python 3.11's hashlib ---------
	{"hashlib, as OpenLDAP's pw-pbkdf2 writes it", "it's me", "{PBKDF2-SHA256}1000$Wm05eUlHRWdkR1Z6ZEE$MEFMExH0GZaynxrufNHNzYlFS1Qz3ka0nzzoW6Q5xcM"},
	{"hashlib, as Werkzeug writes it", "it's me", "scrypt:32768:8:1$Zm9yIGEgdGVzdA$2bcebd91c996e12f6079ce21ecaa9a62569da876b9e1b825bb086517fbaccfa531c654f263576848c6570a56f1cb7e81d464890b4a21b626a1fcec99bf8ecfd7"},
	{"hashlib, as Werkzeug writes it", "it's me", "pbkdf2:sha256:1000$Zm9yIGEgdGVzdA$30414c1311f41996b29f1aee7cd1cdcd89454b5433de46b49f3ce85ba439c5c3"},
	{"hashlib, as Dovecot writes it", "it's me", "{PBKDF2}$1$0123456789abcdef$1000$9d35da5c7ffb922665d3a52a2f85414bd79548e5"},
	{"hashlib, as Django writes it", "it's me", "scrypt$16384$seasalt$8$1$XGKHae9vb5kuLPllFV+zYg3qkmImLMXjWR4QkRXy66nh2dVQs8Bo4GzFO5JGyHHwBm8Iz4d33wCuUSmp5VXIWg=="},
	{"libxcrypt, as Django writes it", "it's me", "bcrypt_sha256$$2b$05$CCCCCCCCCCCCCCCCCCCCC.VjEAHgT6cbs7z/ypFmPCputSD7D0fLe"},
	{"hashlib, as Drupal 7 updates an MD5", "it's me", "U$S$C337837726TjOE3wcac5UlYMbtYwa0.3NHlQN7iXZT2KZWQZ8Tff"},
	{"magento/magento2, EncryptorTest.php", "password", "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1"},
	{"hashlib, as Magento 2 writes it, MD5", "it's me", "ada16e9f300cec8ecd46e0c83174ae62:0123456789abcdef0123456789abcdef:0"},
	{"dotnet/aspnetcore, PasswordHasherTest.cs: 3, SHA-512", "my password", "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw=="},
	{"hashlib, as Django writes it", "lètmein", "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="},
	{"hashlib, as Django writes it", "lètmein", "pbkdf2_sha1$1000$seasalt2$4O6tM3Kd5cOD3UmnpGuCKdAiHa8="},
	{"hashlib, as ASP.NET Identity 3 writes it, SHA-256", "my password", "AQAAAAEAAAD6AAAAEAABAgMEBQYHCAkKCwwNDg8dy2fo6/Eu50+wwUlfQvpedY4kjRCzImLRXwER0PT/kQ=="},
	{"libxcrypt, as passlib's bcrypt_sha256 writes it", "hashcat", "$bcrypt-sha256$v=2,t=2b,r=4$KSOjON/ciJR86a00N5q61.$fMqcY3J8ctSEKDnq/IGVzmhw2R7uKTK"},
	{"django/django, tests/auth_tests/test_hashers.py, argon2, behind OpenLDAP's", "secret", "{ARGON2}$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q"},
	{"MediaWiki 1.39.17's own classes, argon2, behind Spring's", "Correct-horse-7", "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=1024,t=2,p=1$YXU2OThNdXJqdERyLzJGWA$TQciY96UfpjloGiKomoz495gv+5ZRFwvuCv2/VbcN90"},
	// --- made by the applications' own code (test/recipes/testdata/make) ---------------------
	{"MediaWiki 1.39.17's own classes, pbkdf2", "Correct-horse-7", ":pbkdf2:sha512:3000:64:Z6S9dNiIL8jyVPtSmiC9lQ==:CNygNEguXcxJYyRjUKnQLV2wuaLdEndzkB152JhuX6rwaf+TyMNo44ylx2wp12S6+fHuylzhCloz5TFkNHcGWA=="},
	{"MediaWiki 1.39.17's own classes, bcrypt", "Correct-horse-7", ":bcrypt:5$Gaw60Op4lcGm/ZSFWAdX7e$oXmAh4Bh9rmt1rnZNRmShKtVLGlkz8S"},
	{"MediaWiki 1.39.17's own classes, argon2", "Correct-horse-7", ":argon2:$argon2id$v=19$m=1024,t=2,p=1$YXU2OThNdXJqdERyLzJGWA$TQciY96UfpjloGiKomoz495gv+5ZRFwvuCv2/VbcN90"},
	{"MediaWiki 1.39.17's own classes, B", "Correct-horse-7", ":B:7f25ef24:e289436247300453049c55d6462de3b0"},
	{"MediaWiki 1.39.17's own classes, pbkdf2-legacyA", "Correct-horse-7", ":pbkdf2-legacyA:!sha512:3000:64!!hChLBZmzVUrIkbVt2rZknA==!WYs1q2Lgtr03msgvVcAY7znUrhMeTFp9sknMqnN7T8CyBJzQXT+bO29AIQmSW8UPpNbrqLgXeRYpVnsxYYzTUA=="},
	{"MediaWiki 1.39.17's own classes, pbkdf2-legacyB", "Correct-horse-7", ":pbkdf2-legacyB:!sha512:3000:64!d8f2a8f1!Ry9hPwoT218KT7K386bMbw==!TZVQf21ZjVS7kN/gDf04UyeKhdEnCoevloC3X8DOQ40dcD144b7XmCgRQKKVLP4mGPmCcrR7jyvYT40Moxnzug=="},
	{"@better-auth/utils 0.5.1", "Correct-horse-7", "9fc263d506fcb754c1f91b2d770b8961:da32ac7474259913624151fe47d43958382f50867d62f59d258e1ec567b4a0297bae2f73ef5ec7242451dc214338cd6a8e30e53fdd8f8fab4cb13094337049f7"},
}

// dear are published vectors that take a tenth of a second or more each. For wrong
// passwords, published has a cheap hash of the same form. For the forms of Spring with
// fixed rounds, TestTheFormsOfSpringWithFewRounds has one.
var dear = []struct{ origin, password, hash string }{
	{"passlib's documentation, passlib.hash.scrypt", "password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"},
	{"django/django, tests/auth_tests/test_hashers.py", "lètmein", "pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c="},
	{"dotnet/aspnetcore, PasswordHasherTest.cs: 3, SHA-256", "my password", "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ="},
	{"django/django, tests/auth_tests/test_hashers.py, pbkdf2_sha1", "lètmein", "pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I="},
	{"hashcat, example hashes, mode 30601 (passlib's bcrypt_sha256)", "hashcat", "$bcrypt-sha256$v=2,t=2b,r=12$KSOjON/ciJR86a00N5q61.$AmWZucQuHk13FGkQWhgMeiFvBfm2GCy"},
	{"Spring Security Reference, Password Storage, pbkdf2", "password", "{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc"},
	{"phc-winner-argon2 behind OpenLDAP's", "password", "{ARGON2}$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
	{"phc-winner-argon2 behind Spring's", "password", "{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{"hashlib, as Spring 5.8 writes it", "it's me", "{pbkdf2@SpringSecurity_v5_8}000102030405060708090a0b0c0d0e0fb20615734ce936eda7c43503f97bc991187aac13da04100a3e53c06c81bd5cea"},
	{"P-H-C/phc-winner-argon2, src/test.c", "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{"P-H-C/phc-winner-argon2, src/test.c", "password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
}

// firebaseProject has the parameters of firebase/scrypt's README.md.
var firebaseProject = passwordhash.Firebase{
	SignerKey:     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
	SaltSeparator: "Bw==",
	Rounds:        8,
	MemCost:       14,
}

func TestPublishedVectorsOfEveryForm(t *testing.T) {
	t.Parallel()
	for _, v := range published {
		t.Run(v.origin, func(t *testing.T) {
			t.Parallel()
			for password, want := range map[string]bool{
				v.password: true, v.password + "x": false, " " + v.password: false,
				v.password[1:]: false, v.password + "\x00": false, "": false,
			} {
				if got, err := passwordhash.Verify(v.hash, password); err != nil || got != want {
					t.Errorf("Verify(%q) = %t, %v; want %t", password, got, err, want)
				}
			}
			if hash, err := passwordhash.Parse(v.hash); err != nil || hash.Work().Units <= 0 {
				t.Error("has no cost")
			}
		})
	}
}

func TestDearPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range dear {
		t.Run(v.origin, func(t *testing.T) {
			t.Parallel()
			hash, err := passwordhash.Parse(v.hash)
			if err != nil || hash.Work().Units <= 0 || !hash.Verify(v.password) {
				t.Errorf("%v, or no cost, or the password is wrong", err)
			}
		})
	}
}

// ends are hashes of each form at its upper bound, made from no password, and
// the same a step beyond it.
func ends() map[string]struct{ last, beyond string } {
	zeros := func(n int) string { return strings.Repeat(".", n) }
	std := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	raw := func(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	firebase := func(rounds, memCost int) string {
		return passwordhash.Firebase{SignerKey: std(64), SaltSeparator: "Bw==", Rounds: rounds, MemCost: memCost}.Encode(std(10), std(64))
	}
	return map[string]struct{ last, beyond string }{
		"argon2id passes":       {argon2("m=131072,t=10,p=1", 16, 32), argon2("m=131072,t=11,p=1", 16, 32)},
		"argon2id memory":       {argon2("m=131072,t=1,p=1", 16, 32), argon2("m=131073,t=1,p=1", 16, 32)},
		"bcrypt":                {"$2b$14$" + bcryptBody, "$2b$15$" + bcryptBody},
		"WordPress":             {"$wp$2y$14$" + bcryptBody, "$wp$2y$15$" + bcryptBody},
		"SHA-256-crypt":         {"$5$rounds=700000$salt$" + zeros(43), "$5$rounds=700001$salt$" + zeros(43)},
		"SHA-512-crypt":         {"$6$rounds=700000$salt$" + zeros(86), "$6$rounds=700001$salt$" + zeros(86)},
		"phpass":                {"$P$I" + zeros(30), "$P$J" + zeros(30)},
		"Drupal 7":              {"$S$I" + zeros(51), "$S$J" + zeros(51)},
		"yescrypt":              {"$y$jDD$" + zeros(16) + "$" + zeros(43), "$y$jED$" + zeros(16) + "$" + zeros(43)},
		"scrypt memory":         {"$scrypt$ln=17,r=8,p=1$" + raw(16) + "$" + raw(32), "$scrypt$ln=18,r=8,p=1$" + raw(16) + "$" + raw(32)},
		"scrypt work":           {"$scrypt$ln=17,r=8,p=2$" + raw(16) + "$" + raw(32), "$scrypt$ln=17,r=8,p=3$" + raw(16) + "$" + raw(32)},
		"scrypt hash":           {"$scrypt$ln=4,r=8,p=1$" + raw(16) + "$" + raw(128), "$scrypt$ln=4,r=8,p=1$" + raw(16) + "$" + raw(129)},
		"Firebase mem_cost":     {firebase(8, 14), firebase(8, 15)},
		"Firebase rounds":       {firebase(8, 1), firebase(9, 1)},
		"PBKDF2, SHA-1":         {"$pbkdf2$2000000$" + raw(16) + "$" + raw(20), "$pbkdf2$2000001$" + raw(16) + "$" + raw(20)},
		"PBKDF2, two blocks":    {"$pbkdf2$1000000$" + raw(16) + "$" + raw(32), "$pbkdf2$1000001$" + raw(16) + "$" + raw(32)},
		"PBKDF2, SHA-256":       {"$pbkdf2-sha256$2000000$" + raw(16) + "$" + raw(32), "$pbkdf2-sha256$2000001$" + raw(16) + "$" + raw(32)},
		"PBKDF2, SHA-512":       {"$pbkdf2-sha512$2000000$" + raw(16) + "$" + raw(64), "$pbkdf2-sha512$2000001$" + raw(16) + "$" + raw(64)},
		"Django":                {"pbkdf2_sha256$2000000$salt$" + std(32), "pbkdf2_sha256$2000001$salt$" + std(32)},
		"ASP.NET 3":             {aspNet(1, 2, 2_000_000, 16, 64), aspNet(1, 2, 2_000_001, 16, 64)},
		"ASP.NET 3, two blocks": {aspNet(1, 0, 1_000_000, 16, 40), aspNet(1, 0, 1_000_000, 16, 41)},
		"MediaWiki":             {":pbkdf2:sha512:2000000:64:" + std(16) + ":" + std(64), ":pbkdf2:sha512:2000001:64:" + std(16) + ":" + std(64)},
		"MediaWiki's bcrypt":    {":bcrypt:14$" + bcryptBody[:22] + "$" + bcryptBody[22:], ":bcrypt:15$" + bcryptBody[:22] + "$" + bcryptBody[22:]},
		"salted SHA":            {"{SSHA512}" + std(64+64), "{SSHA512}" + std(64+65)},
	}
}

// aspNet writes a hash of zeros as ASP.NET Identity 3 would.
func aspNet(version byte, function, rounds, salt uint32, key int) string {
	raw := []byte{version}
	for _, number := range []uint32{function, rounds, salt} {
		raw = binary.BigEndian.AppendUint32(raw, number)
	}
	return base64.StdEncoding.EncodeToString(append(raw, make([]byte, int(salt)+key)...))
}

func TestTheBoundsOfEveryForm(t *testing.T) {
	t.Parallel()
	for name, hash := range ends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := passwordhash.Validate(hash.last); err != nil {
				t.Errorf("at the bound: %v", err)
			}
			refuses(t, hash.beyond, passwordhash.ErrOutOfBounds)
		})
	}
}

// A few bytes are met by chance, and none by every password.
func TestShortHashesProveNothing(t *testing.T) {
	t.Parallel()
	std := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	raw := func(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	for _, hash := range []string{
		"$scrypt$ln=4,r=8,p=1$" + raw(16) + "$" + raw(15),
		"$pbkdf2-sha256$1$" + raw(16) + "$" + raw(15),
		"$pbkdf2$1$" + raw(16) + "$",
		"pbkdf2_sha256$1$salt$" + std(15),
		"pbkdf2_sha256$1$salt$",
		aspNet(1, 1, 1, 16, 15),
		aspNet(1, 1, 1, 16, 0),
		"$fbscrypt$v=1,n=1,r=1,p=1,ss=Bw==,sk=" + std(15) + "$" + std(8) + "$" + std(15),
		"$fbscrypt$v=1,n=1,r=1,p=1,ss=Bw==,sk=$" + std(8) + "$",
		":pbkdf2:sha512:3000:0:" + std(16) + ":",
		"{SSHA}" + std(20+3), "{SSHA}" + std(20), "{SSHA256}" + std(1), "{SSHA}",
	} {
		refuses(t, hash, passwordhash.ErrOutOfBounds)
	}
}

// A text that is almost a hash is rejected: no part of a hash is optional.
func TestWhatIsNearlyAHashIsOfNoKnownForm(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]string{
		"md5crypt, a character too many":         "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1x",
		"md5crypt, a character that is none":     "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR!",
		"md5crypt, a salt of 9":                  "$1$dXc3I7Rwx$ctlgjDdWJLMT.qwHsWhXR1",
		"md5crypt, no salt":                      "$1$$ctlgjDdWJLMT.qwHsWhXR1",
		"SHA-crypt, cut short":                   "$5$saltstring$5B8vYYiY",
		"SHA-crypt, rounds that are no number":   "$5$rounds=x$saltstring$" + strings.Repeat(".", 43),
		"SHA-crypt, rounds written otherwise":    "$5$rounds=05000$saltstring$" + strings.Repeat(".", 43),
		"SHA-crypt, a sixth field":               "$5$rounds=5000$saltstring$x$" + strings.Repeat(".", 43),
		"SHA-crypt, a salt of 17":                "$5$" + strings.Repeat("s", 17) + "$" + strings.Repeat(".", 43),
		"SHA-crypt, the other's length":          "$6$saltstring$" + strings.Repeat(".", 43),
		"yescrypt, other flavour":                "$y$k75$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC",
		"yescrypt, more parameters":              "$y$j75.$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC",
		"yescrypt, a parameter that is none":     "$y$j!5$z7ztFz2FayrKI79/jEwlL.$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC",
		"yescrypt, a salt of half a byte":        "$y$j75$/$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC",
		"yescrypt, a salt with bits left over":   "$y$j75$zz$u5x/j193MQ09wbFaRGYr0AH/A/jh3kunjuhYRVRNkmC",
		"yescrypt, cut short":                    "$y$j75$z7ztFz2FayrKI79/jEwlL.$u5x",
		"phpass, cut short":                      "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L",
		"phpass, a character that is none":       "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r!L0",
		"phpass of an updated MD5":               "U$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
		"Drupal 7, a character too many":         "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLfx",
		"WordPress, another bcrypt prefix":       "$wp$$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES",
		"WordPress, nothing after it":            "$wp$2",
		"scrypt, other order of parameters":      "$scrypt$r=8,ln=4,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
		"scrypt, something after parameters":     "$scrypt$ln=4,r=8,p=1x$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
		"scrypt of crypt(3)":                     "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
		"PBKDF2 of another digest":               "$pbkdf2-md5$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
		"PBKDF2, no rounds":                      "$pbkdf2$0$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
		"PBKDF2, negative rounds":                "$pbkdf2$-1$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
		"PBKDF2, more rounds than a number":      "$pbkdf2$99999999999999999999$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI",
		"Firebase without a signer key":          "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsag==",
		"Firebase of another version":            "$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=zKVTMvnWVw5BBOZNUdnsag==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsag==",
		"Firebase, another length than its key":  "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=zKVTMvnWVw5BBOZNUdnsagAA$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsag==",
		"Firebase without a salt":                "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=zKVTMvnWVw5BBOZNUdnsag==$$zKVTMvnWVw5BBOZNUdnsag==",
		"Django's unusable password":             "!aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcD",
		"Django of another algorithm":            "pbkdf2_sha512$260000$salt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
		"Django without a salt":                  "pbkdf2_sha256$390000$$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=",
		"LDAP without a salt":                    "{SHA}at+xg6SiyUovktq1redipHiJpaE=",
		"LDAP's crypt of a hash that is none":    "{CRYPT}$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6",
		"LDAP without a closing brace":           "{SSHA0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
		"LDAP, broken Base64":                    "{SSHA}P90+qijSp8MJ1tN25j5o1PflUvlqjXHOGeOckw=",
		"LDAP, a brace":                          "{",
		"ASP.NET 2, too short":                   "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggE=",
		"ASP.NET 2, too long":                    "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJgAAAAAAAAAAAAA=",
		"ASP.NET 3 of another function":          aspNet(1, 3, 1, 16, 32),
		"ASP.NET 3, a salt beyond its end":       aspNet(1, 1, 1, 16, 32)[:20],
		"ASP.NET 3, a short salt":                aspNet(1, 1, 1, 8, 32),
		"ASP.NET 4":                              aspNet(2, 1, 1, 16, 32),
		"MediaWiki without a type":               "::5f4dcc3b5aa765d61d8327deb882cf99",
		"MediaWiki of another type":              ":pbkdf2-peppered:sha512:3000:16:Z6S9dNiIL8jyVPtSmiC9lQ==:Z6S9dNiIL8jyVPtSmiC9lQ==",
		"MediaWiki, MD5 without a salt":          ":A:5f4dcc3b5aa765d61d8327deb882cf99",
		"MediaWiki, salted MD5 without a salt":   ":B::5f4dcc3b5aa765d61d8327deb882cf99",
		"MediaWiki, salted MD5 cut short":        ":B:7f25ef24:5f4dcc3b5aa765d61d8327deb882cf",
		"MediaWiki, PBKDF2 of another length":    ":pbkdf2:sha512:3000:64:Z6S9dNiIL8jyVPtSmiC9lQ==:Z6S9dNiIL8jyVPtSmiC9lQ==",
		"MediaWiki, PBKDF2 with a field more":    ":pbkdf2:sha512:3000:16:x:Z6S9dNiIL8jyVPtSmiC9lQ==:Z6S9dNiIL8jyVPtSmiC9lQ==",
		"MediaWiki, bcrypt cut short":            ":bcrypt:5$Gaw60Op4lcGm/ZSFWAdX7e$oXmAh4Bh9rmt1rnZNRmShKtVLGlkz8",
		"MediaWiki, bcrypt with a split hash":    ":bcrypt:5$Gaw60Op4lcGm/ZSFWAdX7eo$XmAh4Bh9rmt1rnZNRmShKtVLGlkz8S",
		"MediaWiki, bcrypt without a cost":       ":bcrypt:$Gaw60Op4lcGm/ZSFWAdX7e$oXmAh4Bh9rmt1rnZNRmShKtVLGlkz8S",
		"MediaWiki, argon2 of another algorithm": ":argon2:$2y$05$" + bcryptBody,
		"MediaWiki, layers of A with a salt":     ":pbkdf2-legacyA:!sha512:3000:16!x!Z6S9dNiIL8jyVPtSmiC9lQ==!Z6S9dNiIL8jyVPtSmiC9lQ==",
		"MediaWiki, layers of B without a salt":  ":pbkdf2-legacyB:!sha512:3000:16!!Z6S9dNiIL8jyVPtSmiC9lQ==!Z6S9dNiIL8jyVPtSmiC9lQ==",
		"MediaWiki, layers, one missing":         ":pbkdf2-legacyB:!sha512:3000:16!x!Z6S9dNiIL8jyVPtSmiC9lQ==",
		"better-auth, cut short":                 strings.Repeat("5f", 16) + ":" + strings.Repeat("5f", 63),
		"better-auth, no hexadecimal":            strings.Repeat("5f", 16) + ":" + strings.Repeat("5g", 64),
		"better-auth, a longer salt":             strings.Repeat("5f", 17) + ":" + strings.Repeat("5f", 64),
		"nothing but Base64":                     "AQ==",
		"a thousand characters":                  "$6$saltstring$" + strings.Repeat(".", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, hash, passwordhash.ErrUnknownFormat)
		})
	}
}

// Whatever the time a password takes grows with, it is no longer than Cognito's.
func TestPasswordsThatCognitoWouldNotTakeAreWrong(t *testing.T) {
	t.Parallel()
	// No published vector is that long; this is Python's hashlib's.
	const hash = "{SSHA256}rsU4iU1Ga5/M5gFySMcqrpGL4myp29pv0NXrfvAzswhzYWx0c2FsdA=="
	for password, want := range map[string]bool{
		strings.Repeat("p", 1024): true, strings.Repeat("p", 1025): false,
	} {
		if got, err := passwordhash.Verify(hash, password); err != nil || got != want {
			t.Errorf("%d bytes: %t, %v", len(password), got, err)
		}
	}
}

// WordPress's own hashes are not cut at bcrypt's 72 bytes.
func TestWordPressReadsTheWholePassword(t *testing.T) {
	t.Parallel()
	const hash = "$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES"
	if got, err := passwordhash.Verify(hash, "admin"+strings.Repeat(" ", 72)); err != nil || got {
		t.Errorf("%t, %v", got, err)
	}
}

// FuzzEveryForm changes hashes of every form and passwords: no panic, and
// nothing that two passwords share. TestTheBoundsOfEveryForm holds what a hash may cost.
func FuzzEveryForm(f *testing.F) {
	for _, v := range slices.Concat(published, dear, []struct{ origin, password, hash string }{
		{"", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"", "password", argon2("m=8,t=1,p=1", 8, 32)},
		{"", "password", "$pbkdf2-sha256$1$c2FsdHNhbHQ$OFvEcLOIPFd/oq8egf10i+qJLI7A8nDjPLnolCWarQY"},
		{"", "password", aspNet(1, 2, 1, 16, 32)},
		{"", "password", "$scrypt$ln=4,r=1,p=1$c2FsdA$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI"},
	}) {
		f.Add(v.hash, v.password, "another password")
	}
	for _, hash := range ends() {
		f.Add(hash.last, "a", "b")
		f.Add(hash.beyond, "a", "b")
	}
	f.Fuzz(func(t *testing.T, hash, one, other string) {
		err := passwordhash.Validate(hash)
		parsed, _ := passwordhash.Parse(hash)
		switch {
		case err == nil && parsed.Work().Units <= 0:
			t.Error("a hash without a cost")
		case err != nil && !errors.Is(err, passwordhash.ErrUnknownFormat) && !errors.Is(err, passwordhash.ErrOutOfBounds):
			t.Errorf("an error of another kind: %v", err)
		case err == nil && isSlow(hash):
			return // what takes long is refused or not by now
		}
		oneIsRight, verifyErr := passwordhash.Verify(hash, one)
		if (err == nil) != (verifyErr == nil) {
			t.Errorf("Validate says %v, Verify %v", err, verifyErr)
		}
		otherIsRight, _ := passwordhash.Verify(hash, other)
		// bcrypt reads 72 bytes, and the same again where there are fewer.
		if oneIsRight && otherIsRight && one != other && parsed.Work().Family != "bcrypt" {
			t.Error("two passwords are both right")
		}
	})
}

// BenchmarkDearest measures what the bounds let through.
func BenchmarkDearest(b *testing.B) {
	for name, hash := range ends() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := passwordhash.Verify(hash.last, "correct horse battery staple"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
