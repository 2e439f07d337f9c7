-- Run by Quarto after a render: takes away the copies of figures that it leaves beside the document,
-- which has them inside.
pcall(pandoc.system.remove_directory, os.getenv 'QUARTO_PROJECT_OUTPUT_DIR' .. '/generated', true)
