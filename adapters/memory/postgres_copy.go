package memory

// SetCopy names the tables (schema.table) whose rows are written as COPY writes them from now on, instead
// of those before: see PostgresOptions.Copy. Without a name there is none.
func (p *Postgres) SetCopy(tables ...string) {
	p.gate.Local(func() { p.options.Copy = tables })
}
