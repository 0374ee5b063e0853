// Command roots writes the CA bundle of the image: all of a bundle, or Amazon's own roots alone.
//
//	roots -keep all|amazon BUNDLE
//
// Go reads every certificate of the bundle at the first TLS connection of each cold start.
// Amazon's five are what AWS's services show certificates of in the commercial regions ("Amazon
// Trust Services", amazontrust.com/repository, lists them with these digests). They are taken
// from the bundle, so that one which it no longer trusts ends the build.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// amazon are the SHA-256 digests of the roots.
func amazon() map[string]string {
	return map[string]string{
		"8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e": "Amazon Root CA 1",
		"1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4": "Amazon Root CA 2",
		"18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4": "Amazon Root CA 3",
		"e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092": "Amazon Root CA 4",
		"568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5": "Starfield Services Root Certificate Authority - G2",
	}
}

func main() {
	keep := flag.String("keep", "all", "`which`: all, amazon")
	flag.Parse()
	text, err := os.ReadFile(flag.Arg(0))
	if err == nil {
		err = write(os.Stdout, text, *keep)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "roots:", err)
		os.Exit(1)
	}
}

// write writes the certificates that are kept.
func write(to io.Writer, bundle []byte, keep string) error {
	switch keep {
	case "all":
		if block, _ := pem.Decode(bundle); block == nil {
			return errors.New("the bundle holds no certificate")
		}
		_, err := to.Write(bundle)
		return err
	case "amazon":
		return writeAmazon(to, bundle)
	default:
		return fmt.Errorf("-keep takes all or amazon, not %q", keep)
	}
}

func writeAmazon(to io.Writer, bundle []byte) error {
	missing := amazon()
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		digest := sha256.Sum256(block.Bytes)
		name := hex.EncodeToString(digest[:])
		if _, wanted := missing[name]; !wanted || block.Type != "CERTIFICATE" {
			continue
		}
		delete(missing, name)
		if err := pem.Encode(to, &pem.Block{Type: block.Type, Bytes: block.Bytes}); err != nil {
			return err
		}
	}
	for _, name := range missing {
		return fmt.Errorf("the bundle does not trust %s: is it right, and does AWS still use it?", name)
	}
	return nil
}
