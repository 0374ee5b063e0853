package hashed

import (
	"strings"
	"testing"

	"cognito-user-migration/domain"
)

// The hashes were made of what the applications make of a password, by Python
// 3.11's hashlib and libxcrypt 4.4.
func TestAPasswordIsPreparedAsTheApplicationDoes(t *testing.T) {
	t.Parallel()
	const body = "CCCCCCCCCCCCCCCCCCCCC."
	for name, test := range map[string]struct {
		prepare      Prepare
		pepper       string
		hash         string
		right, wrong []string
	}{
		"WordPress, slashed": {hash: "$P$9IQRaTwmf4yahpd4/UeSFjf4biPv3y0",
			right: []string{"it's", `it\'s`}, wrong: []string{"its", `it\\'s`, " it's", "it's "}},
		"WordPress, as it was typed": {hash: "$P$9IQRaTwmfIEcAcObtK1SLgHdOJ/8Xu1",
			right: []string{"it's"}, wrong: []string{`it\'s`, "it''s"}},
		"WordPress 6.8, slashed": {hash: "$wp$2y$05$" + body + "A8p2HJmWSyLfk7qXcLLm9rUIGX7I0qK",
			right: []string{"it's", `it\'s`}, wrong: []string{"its", "it's\x00"}},
		"WordPress 6.8, as it was typed": {hash: "$wp$2y$05$" + body + "6qUug.y4S3FzHy6gsg15dm36vUfXt7e",
			right: []string{"it's"}, wrong: []string{`it\'s`}},
		"phpBB, escaped": {hash: "$H$9IQRaTwmf/U3cfkAcWwVmRYpSLcuCA/",
			right: []string{`a&b"<c>'`}, wrong: []string{`a&b"<c>`, `a&b"<c>'` + "\x00"}},
		"phpBB, as it was typed": {hash: "$H$9IQRaTwmfjBjO7wT707u5.10FvM9sZ.",
			right: []string{`a&b"<c>'`}, wrong: []string{`a&amp;b"<c>'`}},
		"phpBB, with an accent of its own": {hash: "$H$9IQRaTwmfshul1OhMuT4yqoXnGHqcX.",
			right: []string{"é&", "e\u0301&"}, wrong: []string{"e&"}},
		"phpBB 3.1 and later": {prepare: PrepareHTML, hash: "$2y$05$" + body + "52yaTvGgmijvs2JsneZBj8BkXHAnh9O",
			right: []string{"a&b"}, wrong: []string{"a&amp;amp;b"}},
		"a form that is told by no prefix": {hash: "$2y$05$" + body + "52yaTvGgmijvs2JsneZBj8BkXHAnh9O",
			wrong: []string{"a&b"}},
		"MediaWiki composes accents": {hash: ":B:7f25ef24:584c11639e08f7878837d66fa481bd9d",
			right: []string{"\u00e9", "e\u0301"}, wrong: []string{"e"}},
		"better-auth takes compatible characters for one": {
			hash:  "9fc263d506fcb754c1f91b2d770b8961:34255712b1832ac5298e8e2d0d866e64bdae044c02315f9529ca62d0822bdb46ab3d97144c6ad119ddf32625df66c858a0f9eb806f323a883a4d4e0361903546",
			right: []string{"fi\u00e9", "\ufb01e\u0301"}, wrong: []string{"fie"}},
		"Meteor": {prepare: PrepareSHA256Hex, hash: "$2b$05$" + body + "SvOa.e3rdrLKvyDTsRXeykC4pQPwg1q",
			// Who has stolen the digest does not have the password.
			right: []string{"it's"}, wrong: []string{digestOfIts}},
		"Devise": {pepper: "pepper-of-devise", hash: "$2b$05$" + body + "6UeU/VNlwWwBxivzZejgJhVihsEu87C",
			right: []string{"it's"}, wrong: []string{"it'spepper-of-devise", "it'"}},
		"Devise without its pepper": {hash: "$2b$05$" + body + "6UeU/VNlwWwBxivzZejgJhVihsEu87C",
			wrong: []string{"it's"}},
		"Flask-Security": {prepare: PrepareHMACSHA512Base64, pepper: "pepper-of-flask", hash: "$2b$05$" + body + "HrrWseX6aYiAnuSgPA7eP7T/t7/DVTq",
			right: []string{"it's"}, wrong: []string{"it's "}},
		"Flask-Security decomposes the password first": {prepare: PrepareHMACSHA512Base64, pepper: "pepper-of-flask", hash: "$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$GkMey/3SiTqCNd6vWpi1YPhVKPZvZftGyfRtBYn8.TA",
			right: []string{"p\u00e9 \ufb01", "pe\u0301 fi"}, wrong: []string{"pe fi"}},
		"PHP's hash_hmac": {prepare: PrepareHMACSHA256Hex, pepper: "pepper-of-php", hash: "$2b$05$" + body + "EuDrWEVatEg5CAiSLhDuL4r3IoDzxrG",
			right: []string{"it's"}, wrong: []string{"it's "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := checker(t, Passwords{Prepare: test.prepare, Pepper: domain.NewSecret(test.pepper)}, test.hash)
			for _, typed := range test.right {
				if right, err := c.Check(t.Context(), test.hash, domain.NewPassword(typed)); !right || err != nil {
					t.Errorf("%q is wrong (%v)", typed, err)
				}
			}
			for _, typed := range test.wrong {
				if right, err := c.Check(t.Context(), test.hash, domain.NewPassword(typed)); right || err != nil {
					t.Errorf("%q is right (%v)", typed, err)
				}
			}
		})
	}
}

// digestOfIts is the SHA-256 of "it's" in hexadecimal.
var digestOfIts = (&Passwords{}).text(PrepareSHA256Hex, "it's")

// PHP's documentation of addslashes and htmlspecialchars, and RFC 1321, RFC 6234
// and RFC 4231 for the digests.
func TestWhatIsMadeOfAPassword(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		prepare     Prepare
		key         string
		typed, want string
	}{
		{PrepareSlashed, "", `O'Reilly "x" \`, `O\'Reilly \"x\" \\`},
		{PrepareSlashed, "", "plain & <é>", "plain & <é>"},
		{PrepareHTML, "", `<a href='test'>"Test"</a> & &amp;`, `&lt;a href='test'&gt;&quot;Test&quot;&lt;/a&gt; &amp; &amp;amp;`},
		{PrepareHTML, "", "a\r\nb\rc\nd", "a\nb\nc\nd"},
		// Unicode Standard Annex 15, figures 4 and 6.
		{PrepareNFC, "", "e\u0301 \u2126 \ufb01 ", "\u00e9 \u03a9 \ufb01 "},
		{PrepareNFKC, "", "e\u0301 \ufb01 2\u2075", "\u00e9 fi 25"},
		{PrepareNFKD, "", "\u00e9 \ufb01 2\u2075", "e\u0301 fi 25"},
		{PrepareMD5Hex, "", "abc", "900150983cd24fb0d6963f7d28e17f72"},
		{PrepareSHA1Hex, "", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{PrepareSHA256Hex, "", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{PrepareSHA512Hex, "", "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{PrepareHMACSHA256Hex, "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{PrepareHMACSHA512Base64, "Jefe", "what do ya want for nothing?", "Fkt6e/z4GeLjlfvnO1bgo4e9ZCIugx/WECcM1+olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw=="},
	} {
		p := &Passwords{Pepper: domain.NewSecret(test.key)}
		if got := p.text(test.prepare, test.typed); got != test.want {
			t.Errorf("%s of %q is %q, not %q", test.prepare, test.typed, got, test.want)
		}
	}
}

func TestTheSettingsOfPreparing(t *testing.T) {
	t.Parallel()
	for _, choice := range prepares() {
		var p Passwords
		if err := p.Prepare.UnmarshalText([]byte(choice)); err != nil || p.Prepare != choice {
			t.Errorf("%s: %v", choice, err)
		}
		problems := p.Validate(func(name string) string { return "OLD_" + name })
		if keyed := strings.HasPrefix(string(choice), "hmac-"); keyed != (len(problems) == 1) || keyed && !strings.HasPrefix(problems[0].Error(), "OLD_PASSWORD_PEPPER: is required with OLD_PASSWORD_PREPARE="+string(choice)) {
			t.Errorf("%s without a pepper: %v", choice, problems)
		}
	}
	var p Prepare
	if err := p.UnmarshalText([]byte("rot13")); err == nil || strings.Contains(err.Error(), "rot13") || !strings.HasPrefix(err.Error(), "expected one of: slashed, html, nfc, nfkc, nfkd, md5-hex") {
		t.Errorf("rot13: %v", err)
	}
}
