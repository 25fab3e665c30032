package sim

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stockproof/testdata/scenarios"
)

const scenarioSuffix = ".scenario"

// ScenarioInfo is an embedded scenario as a list shows it.
type ScenarioInfo struct{ Name, About string }

// Scenarios lists the embedded scenarios by name.
func Scenarios() ([]ScenarioInfo, error) {
	files, err := fs.Glob(scenarios.Files, "*"+scenarioSuffix)
	if err != nil {
		return nil, err
	}
	var all []ScenarioInfo
	for _, f := range files {
		s, err := LoadScenario(strings.TrimSuffix(f, scenarioSuffix))
		if err != nil {
			return nil, err
		}
		all = append(all, ScenarioInfo{s.Name, s.About()})
	}
	return all, nil
}

// LoadScenario reads the embedded scenario of that name, or else the file at that path.
func LoadScenario(nameOrPath string) (*Scenario, error) {
	text, err := scenarios.Files.ReadFile(nameOrPath + scenarioSuffix)
	if err == nil {
		return ParseScenario(nameOrPath, nameOrPath+scenarioSuffix, string(text))
	}
	f, err := os.Open(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, inputErrorf(nameOrPath, 0, "there is neither a scenario of that name nor such a file")
	}
	if err != nil {
		return nil, inputErrorf(nameOrPath, 0, "%v", err)
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, maxScenarioBytes+1))
	if err != nil {
		return nil, inputErrorf(nameOrPath, 0, "%v", err)
	}
	name := strings.TrimSuffix(filepath.Base(nameOrPath), scenarioSuffix)
	return ParseScenario(name, nameOrPath, string(text))
}
