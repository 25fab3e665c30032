package observe

import (
	"stockproof/adapters/redis/command"
	"stockproof/checks"
	"stockproof/model"
)

// footprints adds up by SKU what the speed layer keeps.
func footprints(sizes func(each func(key string, bytes int)) error) ([]checks.Footprint, error) {
	at := map[checks.Footprint]int{} // by SKU alone
	var all []checks.Footprint
	err := sizes(func(key string, bytes int) {
		sku, of := command.KeySKU(key)
		who := checks.Footprint{SKU: model.SKU(sku), Shared: !of}
		i, ok := at[who]
		if !ok {
			i = len(all)
			at[who], all = i, append(all, who)
		}
		all[i].Keys, all[i].Bytes = all[i].Keys+1, all[i].Bytes+int64(bytes)
	})
	return all, err
}
