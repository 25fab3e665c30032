package scenario

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stockproof/checks"
	"stockproof/testdata/scenarios"
)

const suffix = ".scenario"

// Info is an embedded scenario as a list shows it.
type Info struct{ Name, About string }

// List lists the embedded scenarios by name.
func List() ([]Info, error) {
	files, err := fs.Glob(scenarios.Files, "*"+suffix)
	if err != nil {
		return nil, err
	}
	var all []Info
	for _, f := range files {
		s, err := Load(strings.TrimSuffix(f, suffix))
		if err != nil {
			return nil, err
		}
		all = append(all, Info{s.Name, s.About()})
	}
	return all, nil
}

// Load reads the embedded scenario of that name, or else the file at that path. A file without an expect
// line was cut short.
func Load(nameOrPath string) (*Scenario, error) {
	text, err := scenarios.Files.ReadFile(nameOrPath + suffix)
	if err == nil {
		return Parse(nameOrPath, nameOrPath+suffix, string(text))
	}
	read, err := readInput(nameOrPath, "there is neither a scenario of that name nor such a file")
	if err != nil {
		return nil, err
	}
	s, err := Parse(strings.TrimSuffix(filepath.Base(nameOrPath), suffix), nameOrPath, read)
	if err == nil && len(s.Expect) == 0 { // the last thing that a file says, as a schedule's count
		return nil, s.Errorf(strings.Count(read, "\n")+1,
			"the file ends without an expect line: it was cut short, or lacks `expect holds`")
	}
	return s, err
}

// readInput reads a scenario or schedule, and of a file that never ends no more than shows that it is too large.
func readInput(path, absent string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", checks.InputErrorf(path, 0, "%s", absent)
	}
	if err != nil {
		return "", checks.InputErrorf(path, 0, "%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return "", checks.InputErrorf(path, 0, "%v", err)
	}
	return string(text), nil
}
