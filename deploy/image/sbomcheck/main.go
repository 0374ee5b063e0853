// Command sbomcheck compares a binary's list of components (CycloneDX, JSON) with the
// list that the Go linker wrote into the binary. It fails if one of them has a module
// that the other lacks.
//
//	sbomcheck BINARY SBOM
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbomcheck:", err)
		os.Exit(1)
	}
}

func run(args []string, to io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: sbomcheck BINARY SBOM")
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[1]) //nolint:gosec // the file is its caller's to name
	if err != nil {
		return err
	}
	listed, err := listed(text)
	if err != nil {
		return err
	}
	linked := linked(info)
	for name := range linked {
		if !listed[name] {
			return fmt.Errorf("%s is linked, and not listed", name)
		}
	}
	for name := range listed {
		if !linked[name] {
			return fmt.Errorf("%s is listed, and not linked", name)
		}
	}
	text = fmt.Appendf(nil, "sbom: %d components, exactly those of the binary, with Go itself: %s\n", len(listed), info.GoVersion)
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		text = fmt.Appendln(text, "sbom:   "+name)
	}
	_, err = to.Write(text)
	return err
}

// linked lists the modules in a binary, and the standard library, each as module@version.
func linked(info *buildinfo.BuildInfo) map[string]bool {
	modules := map[string]bool{"std@" + info.GoVersion: true}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		modules[module.Path+"@"+module.Version] = true
	}
	return modules
}

// listed lists the components of an SBOM likewise, from their package URLs
// (pkg:golang/module@version?qualifiers).
func listed(text []byte) (map[string]bool, error) {
	var sbom struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct {
			PURL string `json:"purl"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &sbom); err != nil {
		return nil, err
	}
	if sbom.BOMFormat != "CycloneDX" {
		return nil, fmt.Errorf("the format is %q", sbom.BOMFormat)
	}
	modules := make(map[string]bool)
	for _, component := range sbom.Components {
		name, isGo := strings.CutPrefix(component.PURL, "pkg:golang/")
		name, _, _ = strings.Cut(name, "?")
		name, err := url.PathUnescape(name)
		if err != nil || !isGo {
			return nil, fmt.Errorf("%q is no Go module", component.PURL)
		}
		modules[name] = true
	}
	return modules, nil
}
