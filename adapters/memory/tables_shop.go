package memory

// shopTables are the tables of the designs without a ledger.
type shopTables struct{}

func newShopTables(*Postgres) shopTables { return shopTables{} }
