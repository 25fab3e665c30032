package command

import (
	"crypto/sha1"
	_ "embed" // the scripts
	"encoding/hex"
)

// Script is a Lua script as it is shipped.
type Script struct {
	Name   string // "install": the file without .lua
	Source string
	SHA    string // hex SHA-1 of Source, what EVALSHA takes
}

var (
	//go:embed install.lua
	installSource string
	//go:embed deduct.lua
	deductSource string
	//go:embed credit.lua
	creditSource string
	//go:embed beat.lua
	beatSource string
	//go:embed replid.lua
	replidSource string
)

// The scripts. They are constants in all but name: nothing writes to them.
var (
	Install = newScript("install", installSource)
	Deduct  = newScript("deduct", deductSource)
	Credit  = newScript("credit", creditSource)
	Beat    = newScript("beat", beatSource)
	ReplID  = newScript("replid", replidSource)
)

// Scripts lists every script, by name.
func Scripts() []*Script { return []*Script{Beat, Credit, Deduct, Install, ReplID} }

func newScript(name, source string) *Script {
	sum := sha1.Sum([]byte(source))
	return &Script{Name: name, Source: source, SHA: hex.EncodeToString(sum[:])}
}
