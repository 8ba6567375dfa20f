"""An index as a folder of Parquet files, made photo by photo apart from any index."""
