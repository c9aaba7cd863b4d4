// Package folder is the model folder: a model.yaml that people review and edit,
// and tables beside it for what is too big to read.
//
//	err = folder.Write(dir, m)
//	again, err := folder.Read(dir)
//
// Reading gives back what was written, and names every mistake with its line.
// The same model gives the same bytes, as a folder, as one stream ([Archive])
// and as a hash of that ([Hash]). FORMAT.md beside the code documents the folder;
// [Schema] is the JSON Schema of model.yaml.
//
// It is one package because decoding undoes encoding, table by table, and the schema
// and the archive hold the same keys.
package folder
