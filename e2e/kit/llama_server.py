"""Runs llama.cpp's own HTTP server: llama_server.py MODEL.gguf PORT ALIAS."""

import sys
import threading

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.model_alias = {sys.argv[3]}
params.n_ctx = 4096
# Who does not say how to choose gets the likeliest word, so that the same question has the same answer.
params.sampling.temp = 0.0
params.n_parallel = 2
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.n_threads_http = 4
params.use_jinja = True
params.warmup = False
params.fit_params = False
server = xllamacpp.Server(params)
print("up", server.listening_address, flush=True)
threading.Event().wait()
