# hostile: an endless loop while the file is loaded
# verdict: timeout
while True:
    pass
