package postgres

// SetCopy names the tables (schema.table) whose rows are written as COPY writes them from now on, instead
// of those before: see Options.Copy. Without a name there is none.
func (p *Server) SetCopy(tables ...string) {
	p.gate.Local(func() { p.options.Copy = tables })
}
